/** Names of UTM parameters, without their prefix. */
export const UTM_NAMES = ['source', 'medium', 'campaign', 'term', 'content'] as const

export type UtmName = (typeof UTM_NAMES)[number]

/** The values of the UTM parameters of a target. */
export type Utm = Readonly<Partial<Record<UtmName, string>>>
