import t from 'tap'
import { formatColumns, nextSort, PARAMETERS, type Parameters, readView } from './view.ts'

const read = (given: Partial<Parameters>) =>
  readView({ ...(Object.fromEntries(PARAMETERS.map((name) => [name, ''])) as Parameters), ...given })

t.test('reads the address, without what this release lacks', async (t) => {
  t.match(read({}), { sort: '-id', columns: ['target', 'status', 'created'], isFiltered: false })
  t.same(read({}).query, { sort: '-id', count: 'true' })
  const view = read({ q: 'x', status: 'inactive', sort: '-title', columns: 'id,clicks,title', user_id: '7' })
  t.same(view.query, { sort: '-title', count: 'true', q: 'x', is_active: 'false', user_id: '7' })
  t.match(view, { columns: ['title', 'id'], filters: [['user_id', '7']], isFiltered: true })
  t.equal(read({ sort: 'clicks' }).sort, '-id')
  t.same(read({ columns: 'none' }).columns, [])
})

t.test('the default columns leave the address, and no column is a choice', async (t) => {
  t.equal(formatColumns(['created', 'target', 'status']), '')
  t.equal(formatColumns(['id', 'title']), 'title,id')
  t.equal(formatColumns([]), 'none')
})

t.test('a head sorts up, down, and not', async (t) => {
  t.same(
    [nextSort('-id', 'title'), nextSort('title', 'title'), nextSort('-title', 'title')],
    ['title', '-title', '']
  )
  t.equal(nextSort('-id', 'id'), 'id')
})
