import t from 'tap'
import { readLogo, textColorOn } from './brand.ts'

t.test('text has the higher of both contrasts on any colour', async (t) => {
  t.same(['#000000', '#ffffff', '#2f5dd3', '#ffdd00', '#767676', '#747474'].map(textColorOn), [
    '#fff',
    '#000',
    '#fff',
    '#000',
    '#000',
    '#fff'
  ])
})

t.test('a logo is known by its content', async (t) => {
  const typeOf = (content: string | Buffer) => readLogo(Buffer.from(content))?.type
  t.equal(typeOf(Buffer.from('89504e470d0a1a0a00', 'hex')), 'image/png')
  const head = '<?xml version="1.0"?>\n<!-- made by hand -->\n'
  const images = ['<svg>', `${head}<svg xmlns="x">`, '\uFEFF<svg/>']
  t.same(images.map(typeOf), images.fill('image/svg+xml'))
  t.same(['', 'svg', '<html><svg>', '<svgx>'].map(typeOf), [undefined, undefined, undefined, undefined])
})
