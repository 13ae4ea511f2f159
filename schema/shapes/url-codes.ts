import { Nullable } from './text.ts'
import { Type } from './type.ts'

/** The codes of a link, and what requests say about them. */

const MAX_CODE_LENGTH = 64

export const ShortCode = Type.String({
  minLength: 1,
  maxLength: MAX_CODE_LENGTH,
  pattern: '^[A-Za-z0-9_-]+$',
  description: 'Letters, digits, - and _; case matters unless the server ignores it',
  examples: ['oWCnNk']
})

const CODE = new RegExp(`^[A-Za-z0-9_-]{1,${MAX_CODE_LENGTH}}$`)

/** True if a link may have this code, see {@link ShortCode}. Other texts need no lookup. */
export function isCode(text: string): boolean {
  return CODE.test(text)
}

/** Most aliases of a link. */
export const MAX_ALIASES = 20

export const Aliases = Nullable(
  Type.Array(ShortCode, {
    maxItems: MAX_ALIASES,
    description: 'Other codes of the link, which lead to the same target and share its statistics',
    examples: [['spring-sale']]
  })
)

/** Parameters of a creation that are no fields of the link. */
export const creationOptions = {
  code_length: Type.Optional(
    Type.Integer({
      minimum: 4,
      maximum: 32,
      description: 'Length of the random code, instead of the default of the server'
    })
  ),
  find_if_exists: Type.Optional(
    Type.Boolean({
      description:
        'Answers 200 with the oldest link of the same owner and target, if there is one whose fields have the values that are sent'
    })
  )
}
/** Parameters of a change that are no fields of the link. */
export const changeOptions = {
  keep_old_code: Type.Optional(
    Type.Boolean({
      description: 'Whether a new `short_code` keeps the old one as an alias; by default it does'
    })
  )
}
/**
 * What a change without these parameters means. No `default` in the schema: the validator would put it into
 * each body.
 */
export const CHANGE_DEFAULTS = { keep_old_code: true } as const satisfies Partial<
  Record<keyof typeof changeOptions, boolean>
>

/** Names of the parameters that are no fields of a link. */
export const URL_OPTIONS: readonly string[] = Object.keys({ ...creationOptions, ...changeOptions })
