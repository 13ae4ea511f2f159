import { isIP } from 'node:net'
import { truncateAddress } from '#platform/net/address.ts'

/**
 * The loggable fields of an error. Drivers attach whole clients, commands with passwords, statements and rows
 * to their errors. So only listed members are logged, without credentials and personal data.
 */

/** An error as it is logged. */
export interface ErrorFields {
  type: string
  message: string
  stack: string
  [member: string]: unknown
}

/** Members without personal data (PostgreSQL manual, 55.8 "Error and Notice Fields"; Node's SystemError). */
const MEMBERS = [
  'code',
  'error',
  'errno',
  'syscall',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'routine',
  'statusCode'
]
/** Maximum number of causes, or errors of an aggregate, to follow. */
const MAX_CAUSES = 5
const MAX_MESSAGE = 2_000

/**
 * Returns the fields of any thrown value. Message and stack include those of the causes. IP addresses are
 * truncated to their network, except those of this machine.
 */
export function errorFields(thrown: unknown): ErrorFields {
  if (!(thrown instanceof Error)) {
    const text: unknown = typeof thrown === 'string' ? thrown : Object(thrown).message
    const message = typeof text === 'string' ? scrub(text) : 'no error was thrown'
    return { type: typeof thrown, message, stack: message }
  }
  const chain = causesOf(thrown)
  const fields: ErrorFields = {
    type: thrown.constructor.name,
    message: chain.map(messageOf).filter(Boolean).join(': '),
    stack: chain.map(stackOf).join('\ncaused by: ')
  }
  for (const name of MEMBERS) {
    const value = (thrown as unknown as Record<string, unknown>)[name]
    if (typeof value === 'string') fields[name] = scrub(value)
    else if (typeof value === 'number') fields[name] = value
  }
  return fields
}

/** An error as text for a terminal. */
export function errorText(thrown: unknown): string {
  return errorFields(thrown).stack
}

function causesOf(error: Error): Error[] {
  const chain: Error[] = []
  for (let at: unknown = error; at instanceof Error && chain.length < MAX_CAUSES; ) {
    chain.push(at)
    // Failing to connect to any address of a host is an AggregateError; its first error is enough.
    at = at instanceof AggregateError ? at.errors[0] : at.cause
  }
  return chain
}

function messageOf({ message }: Error): string {
  // Drizzle's message is the statement, followed by a line with its parameters.
  const [statement = ''] = message.split('\nparams: ', 1)
  return scrub(statement)
}

function stackOf(error: Error): string {
  const frames = error.stack?.match(/^ +at .*$/gm) ?? []
  return [`${error.name}: ${messageOf(error)}`, ...frames].join('\n')
}

const CREDENTIALS = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/@]*@/gi
const QUERY = /(\b[a-z][a-z\d+.-]*:\/\/[^\s?#]*)[?#]\S*/gi
const EMAIL = /[^\s@"'<>(),:;=]+@[^\s@"'<>(),:;=]+\.[^\s@"'<>(),:;=]+/g
/** PostgreSQL quotes a value that it can not parse. */
const VALUE = /(invalid input (?:syntax|value) [^:]*: )".*"/gs
const ADDRESS =
  /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?:\.\d{1,3}){0,3})(?![\w.])/gi
const OWN = new Set(['127.0.0.1', '::1', '::'])

function scrub(text: string): string {
  return text
    .slice(0, MAX_MESSAGE)
    .replace(VALUE, '$1…')
    .replace(CREDENTIALS, '$1')
    .replace(QUERY, '$1')
    .replace(EMAIL, '…')
    .replace(ADDRESS, (found) => (isIP(found) === 0 || OWN.has(found) ? found : truncateAddress(found)))
}
