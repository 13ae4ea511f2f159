import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePrometheusRule, RULE_FILE } from '#ops/kubernetes/rules.ts'
import { makeSloRules, RULES } from './rule-files.ts'

/**
 * Writes rules/slo.yml from ops/slo.yaml, and the PrometheusRule for Kubernetes from all rules:
 * `node ops/prometheus/make-rules.ts`.
 */
writeFileSync(join(RULES, 'slo.yml'), makeSloRules())
writeFileSync(RULE_FILE, makePrometheusRule())
