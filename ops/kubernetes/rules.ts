import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'

/** Prometheus' rules as the Prometheus operator takes them: one PrometheusRule of all files in ops/prometheus/rules. */

const PROMETHEUS = join(import.meta.dirname, '..', 'prometheus')
const HEAD = '# Made by ops/prometheus/make-rules.ts from ops/prometheus: change that, and run it again.\n'

/** Where the PrometheusRule is that is shipped. */
export const RULE_FILE = join(import.meta.dirname, 'components', 'monitoring', 'prometheus-rule.yaml')

/**
 * The text of the PrometheusRule. A Prometheus that watches others too has no external label that says where our runbooks
 * are, so that stands in the rules here.
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
