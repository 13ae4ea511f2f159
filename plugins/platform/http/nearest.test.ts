import t from 'tap'
import { findNearest, suggest } from './nearest.ts'

t.test('the nearest name is one slip away, or there is none', async (t) => {
  const names = ['backup', 'restore', 'import', 'export', 'keys list']
  t.equal(findNearest('bakcup', names), 'backup')
  t.equal(findNearest('EXPORT', names), 'export')
  t.equal(findNearest('res', names), 'restore')
  t.equal(findNearest('frobnicate', names), undefined)
  t.equal(findNearest('', names), undefined)
})

t.test('a hint lists all names where none is similar', async (t) => {
  t.equal(suggest('per-page', ['page', 'per_page']), 'did you mean per_page?')
  t.equal(suggest('search', ['page', 'q']), 'there is page, q')
  t.equal(suggest('search', []), 'there are none')
})
