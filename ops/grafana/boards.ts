import type { Board } from './board.ts'
import { clickPipeline } from './boards/click-pipeline.ts'
import { goldenSignals } from './boards/golden-signals.ts'
import { redirectPath } from './boards/redirect-path.ts'
import { slo } from './boards/slo.ts'
import { stores } from './boards/stores.ts'

/** All dashboards, the most important first. */
export const boards: Board[] = [goldenSignals, redirectPath, clickPipeline, stores, slo]

/** A query for Prometheus: inserts values for Grafana's variables, with all replicas selected. */
export function resolveQuery(expr: string, window = '1m'): string {
  return expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', window)
}
