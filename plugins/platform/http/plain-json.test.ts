import t from 'tap'
import { nestsDeeper } from './plain-json.ts'

t.test('counts the levels of a JSON text', async (t) => {
  t.notOk(nestsDeeper('{"a":[1,{"b":2}]}', 3))
  t.ok(nestsDeeper('{"a":[1,{"b":2}]}', 2))
  t.notOk(nestsDeeper('[[1],[2],[3],[4]]', 2), 'what was closed is not counted')
  t.ok(nestsDeeper('['.repeat(100_000), 64), 'unclosed ones are')
})

t.test('brackets in strings are text', async (t) => {
  t.notOk(nestsDeeper(JSON.stringify({ text: '[[[[{{{{"\\' }), 1))
  t.ok(nestsDeeper(JSON.stringify(['\\"', [1]]), 1), 'and a string ends where it ends')
})
