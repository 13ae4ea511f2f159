import { spawnSync } from 'node:child_process'
import type { Test } from 'tap'
import { findCommand } from './programs.ts'
import type { Server } from './server-process.ts'
import { startPostgres } from './servers.ts'

/**
 * Starts a hot standby that streams from `primary`, a PostgreSQL of {@link startPostgres}. It is removed with
 * the test.
 */
export function startStandby(t: Test, primary: Server): Promise<Server> {
  const { hostname, port, username } = new URL(primary.url)
  return startPostgres(t, {
    fsync: true,
    installed: true,
    settings: { hot_standby: 'on', wal_retrieve_retry_interval: '100ms' },
    makeData(data, user) {
      const source = ['-h', hostname, '-p', port, '-U', username]
      const copied = spawnSync(
        findCommand('pg_basebackup') ?? 'pg_basebackup',
        [...source, '-D', data, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'],
        { ...user, encoding: 'utf8' }
      )
      if (copied.status !== 0)
        throw new Error(`no standby was made: ${copied.stderr || copied.error?.message}`)
    }
  })
}
