import { StartRefused } from '#platform/problem/start-refused.ts'

/** A configuration that is not usable: `message` has one line per bad variable, each naming it and what it takes. */
export class ConfigError extends StartRefused {
  constructor(lines: readonly string[]) {
    super(`The configuration is not usable:\n  ${lines.join('\n  ')}`)
  }
}
