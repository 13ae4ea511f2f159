import { UTM_NAMES, type Utm } from '#schema/shapes/utm.ts'

/** Orders the parameters, and leaves out those without a value. Null if none is left. */
export function normalizeUtm(utm: Partial<Record<keyof Utm, string | null>>): Utm | null {
  const set = UTM_NAMES.flatMap((name) => (utm[name] == null ? [] : [[name, utm[name]]]))
  return set.length === 0 ? null : Object.fromEntries(set)
}
