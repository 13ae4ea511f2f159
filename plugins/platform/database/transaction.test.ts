import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'

const { app } = await startApp(t)
const { database } = app
const { db } = database

await db.execute(sql`create table notes (n int primary key)`)
const add = (n: number) => db.execute(sql`insert into notes values (${n})`)
const read = async () => {
  const { rows } = await db.execute<{ n: number }>(sql`select n from notes order by n`)
  return rows.map(({ n }) => n)
}
const backend = async () => {
  const { rows } = await db.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
  return rows[0]?.pid
}

/** A function that resolves once it was called `left` times. */
function barrier(left: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  return () => {
    if (--left === 0) resolve()
    return promise
  }
}

t.beforeEach(() => db.execute(sql`delete from notes`))

t.test('a nested transaction joins the outer one', async (t) => {
  const pids = await database.transaction(async () => {
    await add(1)
    return [await backend(), await database.transaction(backend)]
  })
  t.equal(pids[0], pids[1])
  const failing = database.transaction(async () => {
    await database.transaction(() => add(2))
    throw new Error('changed my mind')
  })
  await t.rejects(failing, /changed my mind/)
  t.same(await read(), [1])
})

t.test('a single statement joins a transaction; outside of one it is committed alone', async (t) => {
  const failing = database.transaction(async () => {
    await database.statement(() => add(1))
    throw new Error('changed my mind')
  })
  await t.rejects(failing, /changed my mind/)
  await database.statement(() => add(2))
  let runs = 0
  await database.statement(async () => {
    runs++
    if (runs === 1) await db.execute(sql`do $$ begin raise exception using errcode = '40P01'; end $$`)
    await add(3)
  })
  t.same(await read(), [2, 3], 'a conflict runs it again')
})

t.test('an outer transaction that catches the error of an inner one rolls back', async (t) => {
  const failing = database.transaction(async () => {
    const inner = database.transaction(async () => {
      await add(1)
      throw new Error('half done')
    })
    await inner.catch(() => undefined)
    await add(2)
  })
  await t.rejects(failing, /half done/)
  const aborted = database.transaction(async () => {
    await add(3)
    await db.execute(sql`select nonsense`).catch(() => undefined)
  })
  await t.rejects(aborted, /rolled back/)
  t.same(await read(), [])
})

t.test('a statement after the end of its transaction is refused', async (t) => {
  const late: Promise<unknown>[] = []
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  await database.transaction(async () => {
    await add(1)
    late.push(ended.then(() => add(2)))
    late.push(ended.then(() => database.transaction(() => add(3))))
  })
  end()
  for (const { status } of await Promise.allSettled(late)) t.equal(status, 'rejected')
  await t.rejects(late[0] ?? Promise.resolve(), { cause: /transaction of this work has ended/ })
  t.same(await read(), [1])
})

t.test('concurrent transactions do not see each other', async (t) => {
  const [bothWrote, bothRead] = [barrier(2), barrier(2)]
  const write = (n: number) =>
    database.transaction(async () => {
      await add(n)
      await bothWrote()
      const seen = [await read(), await database.outside(read)]
      await bothRead()
      return seen
    })
  t.same(await Promise.all([write(1), write(2)]), [
    [[1], []],
    [[2], []]
  ])
  t.same(await read(), [1, 2])
})

t.test('work outside a transaction does not see it', async (t) => {
  await database.transaction(async () => {
    await add(1)
    t.same(await database.outside(read), [])
    t.same(await database.readStale((on) => on.execute(sql`select n from notes`).then(({ rows }) => rows)), [
      { n: 1 }
    ])
  })
})

t.test('a conflict runs the outermost transaction again, and what waited for its commit once', async (t) => {
  const calls: string[] = []
  await database.transaction(async () => {
    calls.push('outer')
    await database.transaction(async () => {
      calls.push('inner')
      await database.afterCommit(async () => calls.push(`first sees ${await read()}`))
      await database.afterCommit(() => calls.push('second'))
      if (calls.length === 2)
        await db.execute(sql`do $$ begin raise exception using errcode = '40P01'; end $$`)
    })
    await add(1)
    calls.push('end')
  })
  t.same(calls, ['outer', 'inner', 'outer', 'inner', 'end', 'first sees 1', 'second'])
  await t.rejects(
    database.transaction(async () => {
      await database.afterCommit(() => calls.push('never'))
      throw new Error('changed my mind')
    })
  )
  await database.afterCommit(() => calls.push('at once'))
  t.equal(calls.at(-1), 'at once')
  t.notOk(calls.includes('never'))
})
