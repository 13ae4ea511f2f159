import { type ParseArgsConfig, parseArgs } from 'node:util'
import manifest from '#package.json' with { type: 'json' }
import { findNearest } from '#platform/http/nearest.ts'

/** The command lines of all programs. One declaration defines the parser, its checks and `--help`. */

/** An option of `parseArgs`, its line in `--help`, and its valid values. */
export type Option = NonNullable<ParseArgsConfig['options']>[string] & {
  help: string
  /** The placeholder of the value in `--help`; needed for a string. */
  value?: string
  oneOf?: readonly string[]
  /** The value is a comma-separated list of `oneOf`. */
  isList?: boolean
  /** Bounds of a number; whole unless `isFraction`. */
  range?: readonly [least: number, most: number]
  isFraction?: boolean
}

/** A positional argument. */
export interface Word {
  name: string
  help?: string
  isOptional?: boolean
  oneOf?: readonly string[]
}

export interface Program<O extends Record<string, Option>> {
  /** The command, as in `npm run stack --`. */
  name: string
  /** What the program does, for `--help`, with its line breaks. */
  summary: string
  words?: readonly Word[]
  options?: O
}

type Parsed<O extends Record<string, Option>> = ReturnType<
  typeof parseArgs<{ options: O; strict: true }>
>['values']

/** Wrong usage. The message gives the reason, and the nearest valid name if one is similar. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Reads the command line of `program`. Prints and ends the process for `--help` and `--version` (exit code
 * 0), and for wrong usage (2). Returns the values of the options, and the words.
 */
export function readCommandLine<const O extends Record<string, Option>>(
  program: Program<O>,
  args: string[] = process.argv.slice(2)
): { values: Parsed<O>; words: string[] } {
  const asked = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length)
  if (asked.includes('--help') || asked.includes('-h')) return finish(0, formatHelp(program))
  if (asked.includes('--version')) return finish(0, `${manifest.version}\n`)
  try {
    return parseCommandLine(program, args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return refuse(`${error.message}\n${formatUsage(program)}\nFor more: ${program.name} --help`)
  }
}

function finish(code: number, text: string): never {
  process[code === 0 ? 'stdout' : 'stderr'].write(text)
  process.exit(code)
}

/** Ends the process with `message` and the exit code of wrong usage. */
export function refuse(message: string): never {
  return finish(2, `${message}\n`)
}

/** Reads `args` without `--help` and `--version`. Throws a {@link UsageError} for wrong usage. */
export function parseCommandLine<const O extends Record<string, Option>>(
  { words: expected = [], options = {} as O }: Program<O>,
  args: string[]
): { values: Parsed<O>; words: string[] } {
  const { values, positionals, tokens } = parseArgs({ args, options, strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined)
      throw unknownName('option', rawName, [...Object.keys(options), 'help', 'version'].map(dash))
    if (option.type === 'boolean' && value !== undefined) throw new UsageError(`${rawName} takes no value`)
    if (option.type === 'string')
      checkValue(rawName, option, inlineValue || !value?.startsWith('-') ? value : '')
  }
  for (const [index, word] of expected.entries()) {
    const given = positionals[index]
    if (given === undefined && !word.isOptional) throw new UsageError(`${word.name} is missing`)
    if (given !== undefined && word.oneOf && !word.oneOf.includes(given))
      throw unknownName(word.name.toLowerCase(), given, word.oneOf)
  }
  const extra = positionals[expected.length]
  if (extra !== undefined) throw new UsageError(`${plain(extra)} is one word too many`)
  return { values: values as Parsed<O>, words: positionals }
}

function checkValue(
  name: string,
  { value, oneOf, isList, range, isFraction }: Option,
  given: string | undefined
): void {
  if (!given) throw new UsageError(`${name} needs a value: ${name} ${value ?? 'VALUE'}`)
  for (const item of isList ? given.split(',') : [given])
    if (oneOf && !oneOf.includes(item)) throw unknownName(`value of ${name}`, item, oneOf)
  if (!range) return
  const [least, most] = range
  const isNumber = (isFraction ? /^\d+(\.\d+)?$/ : /^\d+$/).test(given)
  if (!isNumber || Number(given) < least || Number(given) > most)
    throw new UsageError(
      `${name} takes a ${isFraction ? '' : 'whole '}number from ${least} to ${most}, not ${plain(given)}`
    )
}

/**
 * Returns the error for a name that is not in `names`. It suggests the nearest, or lists all if they are few.
 */
export function unknownName(what: string, given: string, names: readonly string[]): UsageError {
  const near = findNearest(given, names)
  const hint = near
    ? `did you mean ${near}?`
    : names.length <= 10
      ? `there is ${names.join(', ')}`
      : 'see --help'
  return new UsageError(`There is no ${what} ${plain(given)}; ${hint}`)
}

/** Returns the line `Usage: …` of `program`. */
function formatUsage({ name, words = [], options = {} }: Program<Record<string, Option>>): string {
  const shown = words.map((word) => (word.isOptional ? `[${word.name}]` : word.name))
  const more = Object.keys(options).length > 0 ? ['[OPTIONS]'] : []
  return ['Usage:', name, ...shown, ...more].join(' ')
}

function formatHelp(program: Program<Record<string, Option>>): string {
  const words = (program.words ?? []).flatMap(({ name, help }) => (help ? [[name, help] as const] : []))
  const options = Object.entries(program.options ?? {}).map(([name, option]) => {
    const about = [
      option.range?.join(' to '),
      option.oneOf && option.oneOf.length <= 10 && option.oneOf.join(', ')
    ].filter(Boolean)
    if (typeof option.default === 'string') about.push(`${option.default} when not given`)
    const head = [dash(name), ...(option.type === 'string' ? [option.value ?? 'VALUE'] : [])].join(' ')
    return [head, option.help + (about.length > 0 ? ` (${about.join('; ')})` : '')] as const
  })
  const rows = [
    ...words,
    ...options,
    ['--help', 'Shows this text'],
    ['--version', 'Shows the version']
  ] as const
  const width = Math.max(...rows.map(([head]) => head.length))
  const table = rows.map(([head, help]) => `  ${head.padEnd(width)}  ${help}\n`).join('')
  return `${formatUsage(program)}\n\n${program.summary}\n\n${table}`
}

const dash = (name: string) => `--${name}`

/**
 * Replaces control and bidirectional characters except line ends, so that `text` cannot control the terminal.
 */
export function plain(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '?')
}
