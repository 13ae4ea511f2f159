/** A configuration that is not usable: `message` has one line per bad variable, each naming it and what it takes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  constructor(lines: readonly string[]) {
    super(`The configuration is not usable:\n  ${lines.join('\n  ')}`)
  }
}
