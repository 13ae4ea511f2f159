import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makePrometheusRule, RULE_FILE } from '#ops/kubernetes/rules.ts'
import { makeSloRules, RULES, writeScaledRules } from './rule-files.ts'

/**
 * Writes rules/slo.yml from ops/slo.yaml, and the PrometheusRule for Kubernetes from all rules:
 *
 *   node ops/prometheus/make-rules.ts
 *
 * With `--scale 0.1 --out FOLDER` it writes all rules, including the handwritten ones, to another folder for
 * experiments, with every window a tenth as long.
 */

const { values } = parseArgs({ options: { scale: { type: 'string' }, out: { type: 'string' } } })
const factor = Number(values.scale ?? 1)
if (!(factor > 0)) throw new Error('--scale is a number above 0')
if (values.out !== undefined) writeScaledRules(values.out, factor)
else if (factor === 1) {
  writeFileSync(join(RULES, 'slo.yml'), makeSloRules())
  writeFileSync(RULE_FILE, makePrometheusRule())
} else throw new Error('--scale needs --out: the rules that are shipped keep their windows')
