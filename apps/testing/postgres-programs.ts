import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initdbArguments } from '#platform/database/bundled-cluster.ts'
import { findBundledPrograms } from '#platform/database/bundled-programs.ts'
import type { User } from './launch.ts'
import { findCommand, need } from './programs.ts'
import { findUser } from './server-process.ts'

/** A PostgreSQL without data yet: how its programs run, and the user that owns its files. */
export interface Postgres {
  /** The owner of the folder; this process' user if null. */
  owner: User | null
  /** The user to start it as, if the command does not switch users itself. */
  user: User | null
  env?: Record<string, string>
  command(program: string, args: string[]): [file: string, args: string[]]
}

/** The bundled PostgreSQL, or the newest installed on the system. Throws an error if none is installed. */
export async function findPostgres(installed: boolean): Promise<Postgres> {
  if (!installed) {
    const links = join(tmpdir(), `fairlead-postgres-${process.pid}`)
    const { owner, env, command } = await findBundledPrograms(links)
    return {
      owner: owner === process.getuid?.() ? null : { uid: owner, gid: owner },
      user: null,
      env,
      command
    }
  }
  need('postgres')
  // PostgreSQL refuses to run as root.
  const user = await findUser('postgres', 'nobody')
  return { owner: user, user, command: (program, args) => [findCommand(program) ?? program, args] }
}

/** Creates an empty cluster in `data`. */
export function initialize(
  postgres: Postgres,
  data: string,
  installed: boolean,
  superuser = 'postgres'
): void {
  const args = installed
    ? ['-D', data, '-U', superuser, '-A', 'trust', '-E', 'UTF8', '--locale=C']
    : initdbArguments(data, superuser)
  const { user, env } = postgres
  const [command, all] = postgres.command('initdb', [...args, '--no-sync'])
  // The other user may not enter this process' folder.
  const options = { ...user, ...(env && { env }), cwd: tmpdir(), encoding: 'utf8' } as const
  const made = spawnSync(command, all, options)
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || made.error?.message}`)
}
