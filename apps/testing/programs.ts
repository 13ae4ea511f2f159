import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Finds the system's programs for tests. */

/** Thrown when a program is not installed. */
export class ServerMissing extends Error {
  override readonly name = 'ServerMissing'
}

/**
 * For tap's `skip` option: false when `command` is installed, else the reason to skip. Throws in a run that
 * requires everything (REQUIRE_SERVERS).
 */
export function missing(command: string): false | string {
  if (findCommand(command)) return false
  const reason = `${command} is not installed`
  // biome-ignore lint/style/noProcessEnv: the test runner passes its requirements by environment
  if (process.env['REQUIRE_SERVERS']) throw new ServerMissing(reason)
  return reason
}

/** The path of the first of `names` that is installed. Throws {@link ServerMissing}. */
export function need(...names: string[]): string {
  const path = names.map(findCommand).find((found) => found !== null)
  if (path !== undefined) return path
  throw new ServerMissing(
    `${names[0]} is not installed; npm run stack -- --provision installs the programs of the stack`
  )
}

/**
 * The path of `name`: searches PATH, the folders of system programs, and Debian's folders of PostgreSQL
 * versions.
 */
export function findCommand(name: string): string | null {
  const versions = '/usr/lib/postgresql'
  const newestFirst = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : []
  // biome-ignore lint/style/noProcessEnv: PATH locates the programs
  const onPath = (process.env['PATH'] ?? '').split(delimiter)
  const folders = [...newestFirst.map((version) => join(versions, version, 'bin')), ...onPath]
  folders.push('/usr/sbin', '/usr/local/sbin')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}
