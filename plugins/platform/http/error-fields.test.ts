import t from 'tap'
import { errorFields, errorText } from './error-fields.ts'

/** Only listed members of an error are logged, at any depth. */

const SECRETS = /hunter2|jane|203\.0\.113\.77|db8:1:2:3|token-1/i

t.test('unlisted members of errors and their causes are left out', async (t) => {
  const client = { password: 'hunter2', connectionParameters: { password: 'hunter2' } }
  const cause = Object.assign(new Error('inner'), {
    client,
    detail: 'Key (email)=(jane@example.com) exists',
    parameters: ['hunter2']
  })
  const members = {
    code: '28P01',
    severity: 'FATAL',
    table: 'users',
    statusCode: 503,
    errno: -111,
    command: { args: ['hunter2'] }
  }
  const fields = errorFields(
    Object.assign(new TypeError('outer', { cause }), members, { client, config: { url: 'hunter2' } })
  )
  t.notMatch(JSON.stringify(fields), SECRETS)
  t.match(fields, {
    type: 'TypeError',
    message: 'outer: inner',
    code: '28P01',
    table: 'users',
    errno: -111,
    statusCode: 503
  })
  t.match(fields.stack, /^TypeError: outer\n +at .*\ncaused by: Error: inner\n +at /s)
  t.same(Object.keys(fields).sort(), [
    'code',
    'errno',
    'message',
    'severity',
    'stack',
    'statusCode',
    'table',
    'type'
  ])
})

t.test('texts lose credentials and personal data', async (t) => {
  const texts: Record<string, string> = {
    'Failed query: insert into users\nparams: jane,hunter2': 'Failed query: insert into users',
    'connect to postgres://me:hunter2@db:5432/x failed': 'connect to postgres://db:5432/x failed',
    'GET https://example.com/a?key=token-1 failed': 'GET https://example.com/a failed',
    'jane@example.com is taken': '… is taken',
    'invalid input syntax for type bigint: "jane"': 'invalid input syntax for type bigint: …',
    'connect ECONNREFUSED 203.0.113.77:443': 'connect ECONNREFUSED 203.0.113.0:443',
    'connect ECONNREFUSED 2001:db8:1:2:3::5': 'connect ECONNREFUSED 2001:db8:1::',
    'connect ECONNREFUSED 127.0.0.1:5432': 'connect ECONNREFUSED 127.0.0.1:5432',
    'at 12:30:45 in a/b.ts:1:2': 'at 12:30:45 in a/b.ts:1:2'
  }
  for (const [text, shown] of Object.entries(texts)) {
    const fields = errorFields(new Error(text))
    t.equal(fields.message, shown)
    t.notMatch(fields.stack, SECRETS, text)
  }
})

t.test('any thrown value has fields', async (t) => {
  const circle = new Error('a circle')
  circle.cause = circle
  t.equal(errorFields(circle).type, 'Error')
  t.match(errorFields(new AggregateError([new Error('first'), new Error('second')])), { message: 'first' })
  t.match(errorFields('jane@example.com'), { type: 'string', message: '…' })
  for (const thrown of [null, undefined, 7, { password: 'hunter2' }])
    t.notMatch(JSON.stringify(errorFields(thrown)), SECRETS)
  t.match(errorText(new Error('postgres://me:hunter2@db')), /^Error: postgres:\/\/db\n +at /)
})
