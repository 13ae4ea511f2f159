import t from 'tap'
import { formatLine } from './logger.ts'

t.test('a terminal shows time, level, message and fields of a line', async (t) => {
  const line = {
    level: 'info',
    time: '2026-11-30T09:28:22.217Z',
    request_id: 'a-1',
    applied: 9,
    msg: 'schema migrated'
  }
  t.equal(formatLine(JSON.stringify(line)), '[09:28:22.217] INFO: schema migrated {"applied":9}\n')
})

t.test('a terminal shows the stack of an error, as far as it has one', async (t) => {
  const line = { level: 'fatal', time: '2026-11-30T09:28:22.217Z', msg: 'closing' }
  const format = (err: object) => formatLine(JSON.stringify({ ...line, err }))
  t.equal(format({ stack: 'Error: a\n  at b' }), '[09:28:22.217] FATAL: closing\n    Error: a\n      at b\n')
  t.equal(format({ message: 'a' }), '[09:28:22.217] FATAL: closing\n    a\n')
})
