import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { makeGroups, type Promises, scaleRules } from './slo-rules.ts'

/** Prometheus' rules as files: those made from ops/slo.yaml, and scaled copies of all rules. */

const SLO_FILE = join(import.meta.dirname, '..', 'slo.yaml')
const HEAD = '# Made by ops/prometheus/make-rules.ts from ops/slo.yaml: change that, and run it again.\n'

/** The folder of the shipped rules. */
export const RULES = join(import.meta.dirname, 'rules')

/** Reads the promises in ops/slo.yaml. */
export function readPromises(): Promises {
  return parse(readFileSync(SLO_FILE, 'utf8')) as Promises
}

/** The text of rules/slo.yml. */
export function makeSloRules(): string {
  return HEAD + stringify({ groups: makeGroups(readPromises()) }, { lineWidth: 0 })
}

/** Writes all rules to `folder`, every window `factor` times as long. */
export function writeScaledRules(folder: string, factor: number): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'slo.yml'), scaleRules(makeSloRules(), factor))
  writeFileSync(
    join(folder, 'alerts.yml'),
    scaleRules(readFileSync(join(RULES, 'alerts.yml'), 'utf8'), factor)
  )
}
