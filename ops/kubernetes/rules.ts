import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'

/** The rules of all files in ops/prometheus/rules as one PrometheusRule for the Prometheus operator. */

const PROMETHEUS = join(import.meta.dirname, '..', 'prometheus')
const HEAD = '# Made by ops/prometheus/make-rules.ts from ops/prometheus: change that, and run it again.\n'

/** The file of the shipped PrometheusRule. */
export const RULE_FILE = join(import.meta.dirname, 'components', 'monitoring', 'prometheus-rule.yaml')

/**
 * The text of the PrometheusRule. It contains the runbooks' address, because a Prometheus that also watches
 * other systems has no external label for it.
 */
export function makePrometheusRule(): string {
  const config = parse(readFileSync(join(PROMETHEUS, 'prometheus.yml'), 'utf8')) as {
    global: { external_labels: { runbooks: string } }
  }
  const folder = join(PROMETHEUS, 'rules')
  const groups = readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      const { runbooks } = config.global.external_labels
      return (parse(text.replaceAll('{{ $externalLabels.runbooks }}', runbooks)) as { groups: object[] })
        .groups
    })
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'fairlead' },
    spec: { groups }
  }
  return HEAD + stringify(rule, { lineWidth: 0, aliasDuplicateObjects: false })
}
