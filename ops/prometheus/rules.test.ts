import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { makeSloRules, RULES } from './rule-files.ts'
import { type Group, kebab, makeGroups, type Rule } from './slo-rules.ts'

const RUNBOOKS = join(import.meta.dirname, '..', 'runbooks')
const TESTS = join(import.meta.dirname, 'tests')

interface UnitTests {
  tests: {
    alert_rule_test?: { alertname: string; exp_alerts: { exp_labels: { severity: string } }[] }[]
    promql_expr_test?: { expr: string }[]
  }[]
}

function readYaml(file: string): unknown {
  return parse(readFileSync(file, 'utf8'))
}

const rules: Rule[] = readdirSync(RULES).flatMap((file) =>
  (readYaml(join(RULES, file)) as { groups: Group[] }).groups.flatMap((group) => group.rules)
)
const alerts = rules.filter(({ alert }) => alert !== undefined)
const unitTests = readdirSync(TESTS).flatMap((file) => (readYaml(join(TESTS, file)) as UnitTests).tests)

t.test('rules/slo.yml is what ops/slo.yaml makes', async (t) => {
  t.equal(readFileSync(join(RULES, 'slo.yml'), 'utf8'), makeSloRules())
})

t.test(
  'every alert says how urgent it is, what it is, with its value, and where its runbook is',
  async (t) => {
    t.ok(alerts.length > 30, `${alerts.length} alerts`)
    for (const { alert = '', expr, labels, annotations = {} } of alerts) {
      t.match(labels['severity'], /^(page|ticket|none)$/, alert)
      t.match(annotations['summary'], /^\S.{5,75}$/, alert)
      // An absent series has neither a value nor labels.
      if (!expr.includes('absent(')) t.match(annotations['description'], '$value', alert)
      t.equal(annotations['runbook_url'], `{{ $externalLabels.runbooks }}/${kebab(alert)}.md`)
      t.ok(existsSync(join(RUNBOOKS, `${kebab(alert)}.md`)), `${kebab(alert)}.md`)
    }
  }
)

t.test('every runbook belongs to an alert, has all five parts, and is in the index', async (t) => {
  const index = readFileSync(join(RUNBOOKS, 'README.md'), 'utf8')
  const names = new Map(alerts.map(({ alert = '' }) => [`${kebab(alert)}.md`, alert]))
  for (const file of readdirSync(RUNBOOKS).filter((name) => name !== 'README.md')) {
    const text = readFileSync(join(RUNBOOKS, file), 'utf8')
    t.equal(text.split('\n')[0], `# ${names.get(file)}`)
    t.strictSame(
      text.match(/^## .*$/gm),
      ['## Symptom', '## Impact', '## Check', '## Fix', '## Verify'],
      file
    )
    t.match(index, `](${file})`)
    for (const [, link = ''] of text.matchAll(/\]\((\w[^)#:]*)/g))
      t.ok(existsSync(join(RUNBOOKS, link)), link)
  }
})

t.test('every alert is tested firing and silent, every recording rule counting', async (t) => {
  const checks = unitTests.flatMap(({ alert_rule_test = [] }) => alert_rule_test)
  for (const { alert, labels } of alerts) {
    const own = checks.filter(({ alertname }) => alertname === alert)
    const fired = own.filter(({ exp_alerts }) =>
      exp_alerts.some(({ exp_labels }) => exp_labels.severity === labels['severity'])
    )
    t.ok(fired.length > 0, `${alert} as ${labels['severity']} fires in no test`)
    if (labels['severity'] !== 'none') t.ok(own.length > fired.length, `${alert} is quiet in no test`)
  }
  const queries = unitTests.flatMap(({ promql_expr_test = [] }) => promql_expr_test.map(({ expr }) => expr))
  for (const { record } of rules) {
    if (record)
      t.ok(
        queries.some((query) => query.includes(record)),
        `${record} is in no test`
      )
  }
})

t.test('runbooks ask only for metrics of rules that there are', async (t) => {
  const records = new Set(rules.map(({ record }) => record))
  for (const file of readdirSync(RUNBOOKS)) {
    const text = readFileSync(join(RUNBOOKS, file), 'utf8')
    for (const [name] of text.matchAll(/\bslo:[\w:]+/g)) t.ok(records.has(name), `${file}: ${name}`)
  }
})

t.test('an objective of 1 has no budget to burn', async (t) => {
  const slo = { name: 'all', title: 'All is well', objective: 1, bad: 'a[$window]', all: 'b[$window]' }
  const made = makeGroups({ period: '30d', slos: [slo] }).flatMap((group) => group.rules)
  t.strictSame(
    made.filter(({ alert, record }) => alert !== undefined || record?.includes('budget')),
    []
  )
  t.equal(made[0]?.expr, '(a[5m]) / (b[5m] > 0) or (b[5m] == 0)')
})
