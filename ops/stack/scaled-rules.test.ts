import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { type Rules, scaleRoutes, scaleRules } from './scaled-rules.ts'

/** Scaled rules and routes differ from the shipped ones only in their times. */

const OPS = join(import.meta.dirname, '..')

t.test('rules keep everything except their windows of minutes', async (t) => {
  const folder = join(OPS, 'prometheus', 'rules')
  let count = 0
  for (const name of readdirSync(folder)) {
    const shipped = parse(readFileSync(join(folder, name), 'utf8')) as Rules
    const scaled = scaleRules(shipped)
    const strip = ({ groups }: Rules) =>
      groups.flatMap(({ rules }) =>
        rules.map(({ for: _for, expr, ...rest }) => ({ ...rest, expr: expr.replace(/\[\d+[ms]\]/g, '[]') }))
      )
    t.same(strip(scaled), strip(shipped), name)
    for (const { alert, for: patience, expr } of scaled.groups.flatMap(({ rules }) => rules)) {
      if (!alert) continue
      count++
      t.notMatch(expr, /\[\d+m\]/, alert)
      if (patience !== undefined) t.match(patience, /^\d+s$/, alert)
    }
  }
  t.ok(count >= 30, `${count} alerts`)
})

t.test('short windows stay, and every window holds two evaluations', async (t) => {
  const rule = { alert: 'A', expr: 'rate(a[5m]) > rate(b[1h])', for: '2m' }
  const [group] = scaleRules({ groups: [{ rules: [rule, { ...rule, for: '2s' }] }] }).groups
  t.match(group?.rules, [{ expr: 'rate(a[20s]) > rate(b[1h])', for: '4s' }, { for: '2s' }])
  t.throws(() => scaleRules({ groups: [{ rules: [{ ...rule, for: 'soon' }] }] }), /no duration/)
})

t.test('routes keep their receivers', async (t) => {
  const text = readFileSync(join(OPS, 'alertmanager', 'alertmanager.yml'), 'utf8')
  const [shipped, scaled] = [parse(text), parse(scaleRoutes(text))]
  t.same(scaled.receivers, shipped.receivers)
  t.same(scaled.inhibit_rules, shipped.inhibit_rules)
  t.match(scaled.route, { receiver: shipped.route.receiver, group_wait: '1s', group_interval: '3s' })
  t.equal(scaled.route.routes.length, shipped.route.routes.length)
})
