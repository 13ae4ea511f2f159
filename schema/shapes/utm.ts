/** Names of UTM parameters, without their prefix. */
export const UTM_NAMES = ['source', 'medium', 'campaign', 'term', 'content'] as const

export type UtmName = (typeof UTM_NAMES)[number]

/** The values of the UTM parameters of a target. */
export type Utm = Readonly<Partial<Record<UtmName, string>>>

/** Returns the parameters as the query of a target has them, without its `?`. */
export function toUtmQuery(utm: Utm): string {
  return UTM_NAMES.flatMap((name) => {
    const value = utm[name]
    return value === undefined ? [] : [`utm_${name}=${encodeURIComponent(value)}`]
  }).join('&')
}
