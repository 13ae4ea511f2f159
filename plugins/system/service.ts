import { hostname } from 'node:os'
import { withDeadline } from '#platform/async/deadline.ts'
import type { Database } from '#platform/database/index.ts'
import type { System, SystemSetting } from '#schema/shapes/system.ts'
import { wireTime } from '#schema/shapes/text.ts'
import { groupFigures, type Sample } from './figures.ts'
import { runbook } from './groups.ts'
import { type Overview, readPrometheus } from './prometheus.ts'
import { readServerVersion } from './store.ts'

export interface SystemOptions {
  /** The Prometheus that scrapes all processes, without a trailing slash. */
  prometheusUrl: string | undefined
  /** True if this process started its PostgreSQL. */
  isBundled: boolean
  /** Number of processes that share the database, including workers. */
  replicas: number
  /** The settings without secrets. */
  settings: SystemSetting[]
  /** The release. */
  version: string
}

/** Longest wait for the version of PostgreSQL: the rest is of use while the database is down. */
const DATABASE_TIMEOUT_MS = 1_000

/** Creates the reader of the state of the installation. `readOwn` returns the samples of this process. */
export function createSystemService(
  { db }: Pick<Database, 'db'>,
  readOwn: () => Promise<Sample[]>,
  { prometheusUrl, isBundled, replicas, settings, version }: SystemOptions
): () => Promise<System> {
  async function readOverview(): Promise<Overview | string> {
    if (prometheusUrl === undefined) return 'PROMETHEUS_URL is not set'
    try {
      return await readPrometheus(prometheusUrl)
    } catch (error) {
      return `Prometheus does not answer: ${(error as Error).message}`
    }
  }

  return async function read() {
    const [overview, postgres] = await Promise.all([
      readOverview(),
      withDeadline(readServerVersion(db), DATABASE_TIMEOUT_MS).catch(() => null)
    ])
    const isWhole = typeof overview !== 'string'
    const uptime = Math.round(process.uptime())
    const build = { version, node: process.version }
    const own = { instance: hostname(), job: 'fairlead', is_up: true, ...build, uptime_seconds: uptime }
    return {
      source: isWhole ? 'prometheus' : 'process',
      source_reason: isWhole ? null : overview,
      process: {
        host: hostname(),
        pid: process.pid,
        ...build,
        started_at: wireTime(new Date(Date.now() - uptime * 1_000)),
        uptime_seconds: uptime
      },
      postgres: { version: postgres, is_bundled: isBundled },
      replicas: {
        expected: replicas,
        known: isWhole ? overview.replicas : [own],
        runbook: runbook('replica-missing')
      },
      groups: groupFigures(isWhole ? overview.samples : await readOwn()),
      slos: isWhole ? overview.slos : null,
      alerts: isWhole ? overview.alerts : null,
      settings
    }
  }
}
