import fc from 'fast-check'
import t from 'tap'
import { foldIdentity, foldName, isPlainIdentity, patternOf } from './folding.ts'

t.test('a name folds like its upper case, its lower case and its other compositions', async () => {
  const forms = [
    (text: string) => text.toUpperCase(),
    (text: string) => text.toLowerCase(),
    (text: string) => text.normalize('NFD'),
    foldName
  ]
  const text = fc.string({ unit: 'grapheme' })
  fc.assert(fc.property(text, (text) => forms.every((form) => foldName(form(text)) === foldName(text))))
})

t.test('names of each script fold', async (t) => {
  for (const [one, other] of [
    ['ÉLODIE', 'élodie'],
    ['STRASSE', 'straße'],
    ['ΟΔΟΣ', 'οδος'],
    ['ИВАН', 'иван'],
    ['E\u0301lodie', 'élodie'],
    ['DŽ', 'dž'],
    ['\u{10400}', '\u{10428}']
  ] as const)
    t.equal(foldName(one), foldName(other), one)
  t.not(foldName('é'), foldName('e'), 'accents count')
})

t.test('an identity folds only A to Z', async () => {
  const ascii = (text: string) =>
    text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32))
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => foldIdentity(text) === ascii(text)))
})

t.test('two plain identities that fold alike differ only by ASCII case', async () => {
  const text = fc.string({
    unit: fc.constantFrom('k', 'K', '\u212a', 'i', 'I', '\u0131', '\u0130', 's', '\u017f', '@')
  })
  fc.assert(
    fc.property(text, text, (one, other) => {
      if (!isPlainIdentity(one) || !isPlainIdentity(other)) return true
      return (foldIdentity(one) === foldIdentity(other)) === (one.toUpperCase() === other.toUpperCase())
    })
  )
})

t.test('a pattern lists the variants of letters and escapes special characters', async (t) => {
  t.equal(patternOf('aé'), '[Aa][Éé]')
  t.equal(patternOf('σ'), '[Σςσ]')
  t.equal(patternOf('.*[^\\w]$()|+?{}***'), String.raw`\.\*\[\^\\[Ww]\]\$\(\)\|\+\?\{\}\*\*\*`)
  t.equal(patternOf('日本 1'), '日本 1')
})
