import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { makeGroups, type Promises } from './slo-rules.ts'

/** The rules made from ops/slo.yaml, as a file. */

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
