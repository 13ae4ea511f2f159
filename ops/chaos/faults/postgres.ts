import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Fault } from '#ops/chaos/fault.ts'
import { end, takeDown } from '#ops/chaos/units.ts'

/** Faults of PostgreSQL. */

const AWAY = { kinds: ['create', 'fresh'] as const, because: 'what is not in a cache is in PostgreSQL only' }

export const postgresFaults: Fault[] = [
  {
    name: 'postgres-gone-30s',
    what: 'PostgreSQL is stopped for 30 s.',
    testbed: 'plain',
    isSmoke: true,
    mayFail: AWAY,
    alerts: ['PostgresDown'],
    run: (context) => takeDown(context, [context.stack.unit('postgres')], 30_000)
  },
  {
    name: 'postgres-immediate-restart',
    what: 'PostgreSQL ends at once (SIGQUIT, an immediate shutdown), is started again and recovers from its log.',
    testbed: 'plain',
    mayFail: AWAY,
    run: (context) => end(context, context.stack.unit('postgres'), 'SIGQUIT')
  },
  {
    name: 'postgres-freeze',
    what: 'PostgreSQL is paused for 8 s (SIGSTOP, SIGCONT of all its processes).',
    testbed: 'plain',
    mayFail: AWAY,
    async run({ stack, query, hold }) {
      const rows = await query<{ pid: number }>('SELECT pid FROM pg_stat_activity')
      const pids = [stack.unit('postgres').pid ?? 0, ...rows.map(({ pid }) => pid)].filter((pid) => pid > 0)
      const send = (signal: NodeJS.Signals) => {
        for (const pid of pids) {
          try {
            process.kill(pid, signal)
          } catch {
            // The session has ended meanwhile.
          }
        }
      }
      send('SIGSTOP')
      await hold(8_000).finally(() => send('SIGCONT'))
    }
  },
  {
    name: 'postgres-sessions-ended',
    what: 'All sessions of servers and worker are ended (pg_terminate_backend), five times.',
    testbed: 'plain',
    mayFail: { kinds: ['create', 'fresh'], because: 'what was under way in a session ended with it' },
    async run({ query }) {
      for (let round = 0; round < 5; round++) {
        await query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fairlead'`
        )
        await wait(500)
      }
    }
  },
  {
    name: 'postgres-connections-exhausted',
    what: 'Others take every connection of PostgreSQL, and the sessions of servers and worker are ended.',
    testbed: 'plain',
    mayFail: AWAY,
    alerts: ['PostgresConnectionsHigh'],
    async run({ stack, query, hold }) {
      const clients: pg.Client[] = []
      try {
        await query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fairlead'`
        )
        for (;;) {
          const client = new pg.Client({ connectionString: stack.databaseUrl })
          client.on('error', () => undefined)
          await client.connect()
          clients.push(client)
        }
      } catch (error) {
        if ((error as { code?: string }).code !== '53300') throw error
        await hold(8_000)
      } finally {
        await Promise.all(clients.map((client) => client.end()))
      }
    }
  },
  {
    name: 'postgres-locked',
    what: 'Another session holds an exclusive lock on the table of events for 8 s.',
    testbed: 'plain',
    mayFail: { kinds: ['create', 'fresh'], because: 'a create writes an event and waits for the lock' },
    async run({ stack, hold }) {
      const client = new pg.Client({ connectionString: stack.databaseUrl })
      await client.connect()
      try {
        await client.query('BEGIN')
        await client.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE')
        await hold(8_000)
      } finally {
        await client.query('ROLLBACK').finally(() => client.end())
      }
    }
  }
]
