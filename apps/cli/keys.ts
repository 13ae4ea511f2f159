import type { FastifyInstance } from 'fastify'
import { UsageError } from '#apps/command-line.ts'
import { SYSTEM } from '#platform/access/caller.ts'
import { FolderInUse } from '#platform/folder-lock.ts'
import { type IssuedKey, type Key, type KeyDraft, ROLES, SCOPES } from '#schema/shapes/key.ts'
import { type Command, CommandError } from './command.ts'
import { withApp } from './open-app.ts'

/** Keys from the command line: how the first administrator comes by one. */

/** Runs on the server's database; running servers hear of changes through Redis. */
async function withKeys<T>(
  env: Record<string, string | undefined>,
  work: (keys: FastifyInstance['keys']) => Promise<T>
): Promise<T> {
  try {
    return await withApp(env, (app) => work(app.keys))
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error
    throw new CommandError(
      `${error.message}\nWhile a server runs on it, use the server's own /keys, or stop it for a moment.`
    )
  }
}

/** The key alone on standard output, so that it can be piped into a secret. */
function printIssued(print: (line: string) => void, note: NodeJS.WriteStream, { key, id, role }: IssuedKey) {
  note.write(`Key ${id} (${role}). It is shown this once:\n`)
  print(key)
}

const create: Command = {
  summary: 'Makes an API key and prints it; it can not be shown again',
  words: [{ name: 'NAME', help: 'What people know it by, 1 to 100 characters' }],
  options: {
    role: { type: 'string', value: 'ROLE', default: 'admin', oneOf: ROLES, help: 'What it may do' },
    scopes: { type: 'string', value: 'A,B', oneOf: SCOPES, isList: true, help: 'Less than its role may do' },
    user: { type: 'string', value: 'ID', range: [1, 1e15], help: 'User whose links it reaches' },
    expires: { type: 'string', value: 'TIME', help: 'When it ends, as in 2030-01-01' }
  },
  async run({ words, options, env, output }) {
    const draft = readDraft(words[0] ?? '', options)
    const issued = await withKeys(env, (keys) => keys.create(SYSTEM, draft))
    printIssued(output.print, output.progress, issued)
    return 0
  }
}

const list: Command = {
  summary: 'Lists keys, the newest first, revoked ones too',
  async run({ env, output }) {
    const { rows } = await withKeys(env, (keys) => keys.list(SYSTEM, {}))
    for (const key of rows) output.print(describe(key))
    return 0
  }
}

const revoke: Command = {
  summary: 'Ends a key for good',
  words: [{ name: 'ID', help: 'Of the key, as keys list shows it' }],
  async run({ words, env, output }) {
    await withKeys(env, (keys) => keys.revoke(SYSTEM, words[0] ?? ''))
    output.print(`Key ${words[0]} is revoked.`)
    return 0
  }
}

const rotate: Command = {
  summary: 'Gives a key a new secret and prints it; the old one ends at once',
  words: [{ name: 'ID', help: 'Of the key, as keys list shows it' }],
  async run({ words, env, output }) {
    const issued = await withKeys(env, (keys) => keys.rotate(SYSTEM, words[0] ?? ''))
    printIssued(output.print, output.progress, issued)
    return 0
  }
}

/** By the words that name them. */
export const keyCommands: Record<string, Command> = {
  'keys create': create,
  'keys list': list,
  'keys revoke': revoke,
  'keys rotate': rotate
}

function readDraft(name: string, options: Record<string, string | undefined>): KeyDraft {
  if (name.trim() === '' || name.length > 100 || /\p{Cc}/u.test(name))
    throw new UsageError('NAME has 1 to 100 characters')
  const scopes = options['scopes']?.split(',')
  return {
    name,
    role: ROLES.find((role) => role === options['role']) ?? 'admin',
    ...(scopes && { scopes: SCOPES.filter((scope) => scopes.includes(scope)) }),
    user_id: options['user'] === undefined ? null : Number(options['user']),
    expires_at: options['expires'] ?? null
  }
}

function describe(key: Key): string {
  const { id, name, role, user_id, created_at, last_used_at, expires_at, revoked_at } = key
  return [
    id,
    role,
    JSON.stringify(name),
    ...(user_id === null ? [] : [`user ${user_id}`]),
    `created ${created_at}`,
    last_used_at === null ? 'never used' : `used ${last_used_at}`,
    ...(expires_at === null ? [] : [`expires ${expires_at}`]),
    ...(revoked_at === null ? [] : [`revoked ${revoked_at}`])
  ].join('  ')
}
