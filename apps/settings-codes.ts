import { type Static, Type } from '#schema/shapes/type.ts'
import { splitList } from './setting-formats.ts'
import { count, text } from './setting-kinds.ts'

/** The settings of short codes. */
export const CodeSettings = Type.Object({
  CODE_LENGTH: count('Length of new short codes; they grow when codes of this length run out', 6, 4, 32),
  CODE_STYLE: Type.Enum(['base62', 'readable'], {
    description: 'Letters of random short codes; `readable` leaves out 0, O, 1, l and I',
    default: 'base62'
  }),
  CODE_CASE: Type.Enum(['sensitive', 'insensitive'], {
    description:
      'Whether short codes that differ only by case are different; all replicas need the same value',
    default: 'sensitive'
  }),
  RESERVED_CODES: text('Words that new short codes and aliases must not be, in any case, comma-separated', {
    default: '',
    format: 'codes'
  })
})

/** How the server makes and compares codes. */
export type CodeConfig = ReturnType<typeof readCodes>

export function readCodes(settings: Static<typeof CodeSettings>) {
  return {
    length: settings.CODE_LENGTH,
    style: settings.CODE_STYLE,
    isCaseSensitive: settings.CODE_CASE === 'sensitive',
    reserved: splitList(settings.RESERVED_CODES)
  }
}
