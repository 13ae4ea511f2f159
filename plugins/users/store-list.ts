import { sql } from 'drizzle-orm'
import { equals, period } from '#platform/lists/filter.ts'
import { defineList } from '#platform/lists/list.ts'
import { search } from '#platform/lists/search.ts'
import type { Sort } from '#platform/lists/sorted.ts'
import { type USER_SORTS, UserQuery } from '#schema/shapes/user.ts'
import { users } from '#schema/tables/users.ts'

const sorts: Record<(typeof USER_SORTS)[number], Sort> = {
  id: { by: users.id, type: 'bigint' },
  // In ASCII lower case. Without an index, because there are far fewer users than links.
  username: { by: sql`lower(${users.username} collate "C")`, type: 'text' },
  email: { by: sql`lower(${users.email} collate "C")`, type: 'text' },
  created_at: { by: users.createdAt, type: 'time' }
}

export const openUserList = defineList({
  name: 'users',
  query: UserQuery,
  table: users,
  id: users.id,
  sorts,
  comparisons: {
    owner: equals(users.id),
    ...search([users.username, users.email]),
    ...period(users.createdAt, 'created_from', 'created_to')
  },
  members: { id: users.id, username: users.username, email: users.email, created_at: users.createdAt }
})
