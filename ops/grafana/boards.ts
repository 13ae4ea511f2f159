import type { Board } from './board.ts'
import { clickPipeline } from './boards/click-pipeline.ts'
import { goldenSignals } from './boards/golden-signals.ts'
import { redirectPath } from './boards/redirect-path.ts'
import { slo } from './boards/slo.ts'
import { stores } from './boards/stores.ts'

/** All dashboards, the one to look at first first. */
export const boards: Board[] = [goldenSignals, redirectPath, clickPipeline, stores, slo]

/** A query as Prometheus takes it: what Grafana would put in for its variables is put in, with all replicas. */
export function resolveQuery(expr: string, window = '1m'): string {
  return expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', window)
}
