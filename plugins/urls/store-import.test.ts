import t from 'tap'
import { createUrlImport } from './store-import.ts'

t.test('imported codes and targets are those that a redirect can serve', async (t) => {
  const { columns } = createUrlImport({
    schemes: ['http', 'https'],
    blocks: (url) => url.includes('blocked'),
    createCode: () => '',
    isFolded: false,
    forgetUnknown: async () => {}
  })
  const refusals = (name: string, values: string[]) =>
    values.map((value) => columns.find((column) => column.name === name)?.refuse?.(value))
  t.same(refusals('short_code', ['528279', 'a-B_9']), [null, null])
  t.match(refusals('short_code', ['a b', 'a/b']), [/letters/, /letters/])
  t.same(refusals('original_url', ['https://example.com/ü?q=1']), [null])
  const bad = ['javascript:alert(1)', 'https://example.com/\r\nX: y', 'https://blocked.dev/']
  t.match(refusals('original_url', bad), [/absolute/, /absolute/, /blocked/])
})
