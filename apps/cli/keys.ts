import { plain, UsageError } from '#apps/command-line.ts'
import { SYSTEM } from '#platform/access/caller.ts'
import { type IssuedKey, type Key, type KeyDraft, ROLES, SCOPES } from '#schema/shapes/key.ts'
import { isLonger } from '#schema/shapes/text.ts'
import type { Command, CommandContext } from './command.ts'
import { withApp } from './open-app.ts'
import { URL_OPTION } from './remote.ts'
import { openServer } from './server.ts'

/** Keys through the command line, including the first administrator's. */

/** The operations on keys, in the database or through a server. */
interface KeyClient {
  create(draft: KeyDraft): Promise<IssuedKey>
  list(): Promise<Key[]>
  revoke(id: string): Promise<unknown>
  rotate(id: string): Promise<IssuedKey>
}

/** `attach`: true if the work needs no cache invalidation in a server on the same DATA_DIR. */
async function withKeys<T>(
  context: CommandContext,
  { attach = false },
  work: (keys: KeyClient) => Promise<T>
): Promise<T> {
  if (context.options['url'] !== undefined) {
    const { keys } = openServer(context)
    return work({ ...keys, list: async () => (await keys.list()).rows })
  }
  const instead = 'While a server runs on it, work through the server: add --url http://127.0.0.1:3000'
  return withApp(context.env, { attach, instead }, ({ keys }) =>
    work({
      create: (draft) => keys.create(SYSTEM, draft),
      list: async () => JSON.parse(`[${(await keys.list({})).text}]`) as Key[],
      revoke: (id) => keys.revoke(SYSTEM, id),
      rotate: (id) => keys.rotate(SYSTEM, id)
    })
  )
}

/** Prints only the key to standard output, so that it can be piped into a secret. */
function printIssued({ output }: CommandContext, { key, id, role }: IssuedKey): void {
  output.progress.write(plain(`Key ${id} (${role}). It is shown this once:\n`))
  output.print(key)
}

const create: Command = {
  summary: 'Creates an API key and prints it, only once',
  words: [{ name: 'NAME', help: 'Name of the key, 1 to 100 characters' }],
  options: {
    role: { type: 'string', value: 'ROLE', default: 'admin', oneOf: ROLES, help: 'What it may do' },
    scopes: { type: 'string', value: 'A,B', oneOf: SCOPES, isList: true, help: 'Less than its role may do' },
    user: { type: 'string', value: 'ID', range: [1, 1e15], help: 'User whose links the key may access' },
    expires: { type: 'string', value: 'TIME', help: 'Expiry, such as 2030-01-01' },
    ...URL_OPTION
  },
  async run(context) {
    const draft = readDraft(context.words[0] ?? '', context.options)
    printIssued(context, await withKeys(context, { attach: true }, (keys) => keys.create(draft)))
    return 0
  }
}

const list: Command = {
  summary: 'Lists keys, newest first, including revoked ones',
  options: URL_OPTION,
  async run(context) {
    for (const key of await withKeys(context, { attach: true }, (keys) => keys.list()))
      context.output.print(describe(key))
    return 0
  }
}

const revoke: Command = {
  summary: 'Ends a key for good',
  words: [{ name: 'ID', help: 'Id of the key, from keys list' }],
  options: URL_OPTION,
  async run(context) {
    const [id = ''] = context.words
    await withKeys(context, {}, (keys) => keys.revoke(id))
    context.output.print(`Key ${id} is revoked.`)
    return 0
  }
}

const rotate: Command = {
  summary: 'Replaces the secret of a key and prints it; the old one is invalid at once',
  words: [{ name: 'ID', help: 'Id of the key, from keys list' }],
  options: URL_OPTION,
  async run(context) {
    const [id = ''] = context.words
    printIssued(context, await withKeys(context, {}, (keys) => keys.rotate(id)))
    return 0
  }
}

/** The commands by name. */
export const keyCommands: Record<string, Command> = {
  'keys create': create,
  'keys list': list,
  'keys revoke': revoke,
  'keys rotate': rotate
}

function readDraft(name: string, options: Record<string, string | undefined>): KeyDraft {
  if (name.trim() === '' || isLonger(name, 100) || /\p{Cc}/u.test(name))
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
