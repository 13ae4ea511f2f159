import { StartRefused } from '#platform/problem/start-refused.ts'

/**
 * An invalid configuration. `message` has one line per invalid variable, with its name and its valid values.
 */
export class ConfigError extends StartRefused {
  constructor(lines: readonly string[]) {
    super(`The configuration is not usable:\n  ${lines.join('\n  ')}`)
  }
}
