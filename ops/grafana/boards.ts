import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Board } from './board.ts'

const FOLDER = join(import.meta.dirname, 'boards')

/** All dashboards: the files of boards/. */
export const boards: Board[] = readdirSync(FOLDER).map((file) =>
  parse(readFileSync(join(FOLDER, file), 'utf8'))
)

/** A query for Prometheus: inserts values for Grafana's variables, with all replicas selected. */
export function resolveQuery(expr: string, window = '1m'): string {
  return expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', window)
}
