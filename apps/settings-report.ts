import type { Settings as Values } from '#apps/settings.ts'
import { Settings } from '#apps/settings.ts'
import type { SystemSetting } from '#schema/shapes/system.ts'

/** Replaces what a secret setting holds. */
const HIDDEN = '(hidden)'

/** Settings whose value is a secret as a whole. New ones keep to these names. */
const SECRET = /(_KEY|_SECRET|_PASSWORD|_TOKEN)$/

/** Credentials and parameters of a URL. A password may hold any character, so the last `@` ends it. */
const CREDENTIALS = /^([a-z][a-z\d+.-]*:\/\/).*@/i
const PARAMETERS = /^([a-z][a-z\d+.-]*:\/\/[^?#]*)[?#].*$/i

/** Describes each setting for administrators, without secrets. */
export function describeSettings(values: Values): SystemSetting[] {
  return Object.entries(Settings.properties).map(([name, property]) => {
    const { description = '', default: initial = null } = property as {
      description?: string
      default?: string | number | null
    }
    const value = values[name as keyof Values] ?? null
    return {
      name,
      value: value === null ? null : hideSecrets(name, String(value)),
      default: initial === null ? null : String(initial),
      is_default: value === initial,
      description
    }
  })
}

function hideSecrets(name: string, value: string): string {
  if (SECRET.test(name)) return HIDDEN
  return value.replace(CREDENTIALS, `$1${HIDDEN}@`).replace(PARAMETERS, `$1?${HIDDEN}`)
}
