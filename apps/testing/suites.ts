import { listFiles, readText } from './sources.ts'

/**
 * The two suites. `npm test` runs unit and acceptance tests in processes that share the run's servers. `npm
 * run test:systems` runs the tests that start servers, commands and whole stacks themselves, and those of
 * large data (`large-….test.ts`), which take a minute.
 */

type Suite = 'units' | 'systems'

const ROOMS = ['apps', 'plugins', 'schema', 'loadtest', 'ops']

/** Helpers of the harness that start a program, which takes seconds. A Redis starts in milliseconds. */
const STARTERS = [
  ...['startServer', 'spawnServer', 'startWorker', 'startCli', 'runCli'],
  ...['startPostgres', 'startStandby', 'startPgbouncer', 'startNginx', 'startRedisCluster', 'mountSmallDisk']
]
const STARTS_PROGRAMS = new RegExp(`\\b(?:${STARTERS.join('|')})\\b|node:child_process'`)

export function listTests(suite: Suite): string[] {
  return listFiles(ROOMS, /\.test\.ts$/).filter((file) => suiteOf(file) === suite)
}

function suiteOf(file: string): Suite {
  const isSystem = /^(?:ops|loadtest)\/|\/large-/.test(file) || STARTS_PROGRAMS.test(readText(file))
  return isSystem ? 'systems' : 'units'
}
