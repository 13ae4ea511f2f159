import t from 'tap'
import { findOverdraft } from './connection-budget.ts'

const fits = { replicas: 6, poolSize: 10, maxConnections: 100, reserved: 3, margin: 10 }

t.test('pools that fit exactly are accepted', async (t) => {
  t.equal(findOverdraft(fits), null)
  t.equal(findOverdraft({ ...fits, replicas: 87, poolSize: 1 }), null)
})

t.test('pools that do not fit are reported with the sum and what to change', async (t) => {
  const message = findOverdraft({ ...fits, poolSize: 20 })
  t.match(message, /6 replicas × 20 connections = 120/)
  t.match(message, /87 to give \(max_connections 100 − 3 reserved − 10 margin\)/)
  t.match(message, /DATABASE_POOL_SIZE to 14 or less/)
})

t.test('if even small pools do not fit, the advice is a pooler', async (t) => {
  t.match(findOverdraft({ ...fits, replicas: 60 }), /PgBouncer/)
})
