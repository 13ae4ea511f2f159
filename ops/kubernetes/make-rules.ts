import { writeFileSync } from 'node:fs'
import { makePrometheusRule, RULE_FILE } from './rules.ts'

/** Writes the PrometheusRule: `node ops/kubernetes/make-rules.ts`. */
writeFileSync(RULE_FILE, makePrometheusRule())
