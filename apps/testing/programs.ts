import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The programs of the system that tests run. */

/** Thrown when a program is not installed. */
export class ServerMissing extends Error {
  override readonly name = 'ServerMissing'
}

/**
 * For tap's `skip` option: false when `command` is installed, else why the test can't run. Throws in a run that must
 * have everything (REQUIRE_SERVERS).
 */
export function missing(command: string): false | string {
  if (findCommand(command)) return false
  const reason = `${command} is not installed`
  // biome-ignore lint/style/noProcessEnv: the test runner says by environment what it started
  if (process.env['REQUIRE_SERVERS']) throw new ServerMissing(reason)
  return reason
}

/** Where `name` is installed: on PATH, in the folders of system programs, in Debian's folders of PostgreSQL versions. */
export function findCommand(name: string): string | null {
  const versions = '/usr/lib/postgresql'
  const newestFirst = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : []
  // biome-ignore lint/style/noProcessEnv: programs are where the system's PATH says
  const onPath = (process.env['PATH'] ?? '').split(delimiter)
  const folders = [...newestFirst.map((version) => join(versions, version, 'bin')), ...onPath]
  folders.push('/usr/sbin', '/usr/local/sbin')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}
