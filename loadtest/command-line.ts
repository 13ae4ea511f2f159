import { type ParseArgsConfig, parseArgs } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>

/**
 * Reads the options of a program. `--help` prints `usage` and exits 0; a wrong option prints one line and exits 2.
 */
export function readOptions<const T extends Options>(usage: string, options: T) {
  try {
    const { values } = parseArgs<{ options: T & { help: { type: 'boolean' } } }>({
      options: { ...options, help: { type: 'boolean' } }
    })
    if ('help' in values && values.help) {
      process.stdout.write(usage)
      process.exit(0)
    }
    return values
  } catch (error) {
    return refuse((error as Error).message)
  }
}

/** Reads the value of option `name`, which must be above 0; undefined when it is not given. */
export function readNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  return Number(value) > 0 ? Number(value) : refuse(`--${name} takes a number above 0, not ${value}`)
}

/** Ends the program with `message` and exit code 2. */
export function refuse(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
