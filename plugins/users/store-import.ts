import type { ClientBase } from 'pg'
import { foldName } from '#platform/database/folding.ts'
import type { ImportKind, Merged, Remark } from '#plugins/imports/contract.ts'
import { lengthLimit } from '#schema/shapes/text.ts'
import { UserEmail, UserName } from '#schema/shapes/user.ts'

/** The import of users. */

const isSame = 'present.username = staging.username AND present.email = staging.email'

export const userImport: ImportKind = {
  name: 'users',
  columns: [
    { name: 'id', type: 'bigint', isMade: true },
    { name: 'username', type: 'text', maxLength: lengthLimit(UserName), isRequired: true },
    { name: 'email', type: 'text', maxLength: lengthLimit(UserEmail), isRequired: true },
    { name: 'created_at', type: 'timestamptz', isMade: true }
  ],
  knownBy: 'email',
  isSame,
  finds: 'present.email = staging.email',
  isFound: isSame,
  merge: mergeUsers
}

/**
 * Inserts all staged users. If another user already has the username or email, compared without case, the new
 * one is a duplicate and the holder keeps the key. Within a file the first line holds the key.
 */
async function mergeUsers(client: ClientBase, { hasGaps }: { hasGaps: boolean }): Promise<Merged> {
  if (hasGaps)
    await client.query("UPDATE staging SET created_at = coalesce(created_at, date_trunc('second', now()))")
  // Every database locale folds ASCII alike; the application folds the rest.
  const { rows: others } = await client.query<{ username: string }>(
    'SELECT DISTINCT username FROM staging WHERE octet_length(username) > length(username)'
  )
  const names = others.map(({ username }) => username)
  const { rows: duplicates } = await client.query<{
    line: string
    field: string
    value: string
    holder: string
  }>(
    `
    WITH folded AS (
      SELECT staging.*,
        coalesce(other.folded, lower(staging.username COLLATE "C")) COLLATE "default" AS username_key,
        lower(staging.email COLLATE "C") COLLATE "default" AS email_key
      FROM staging
      LEFT JOIN unnest($1::text[], $2::text[]) AS other(username, folded) ON other.username = staging.username
    ), judged AS (
      SELECT folded.*,
        coalesce(same_name.id, nullif(first_value(folded.id) OVER names, folded.id)) AS name_holder,
        coalesce(same_email.id, nullif(first_value(folded.id) OVER emails, folded.id)) AS email_holder
      FROM folded
      LEFT JOIN users same_name ON same_name.username_key = folded.username_key
      LEFT JOIN users same_email ON same_email.email_key = folded.email_key
      WINDOW names AS (PARTITION BY folded.username_key ORDER BY folded.line),
        emails AS (PARTITION BY folded.email_key ORDER BY folded.line)
    ), landed AS (
      INSERT INTO users (id, username, email, username_key, username_twin, email_key, created_at)
      SELECT id, username, email,
        CASE WHEN name_holder IS NULL THEN username_key END,
        CASE WHEN name_holder IS NOT NULL THEN username_key END,
        CASE WHEN email_holder IS NULL THEN email_key END,
        created_at
      FROM judged
    )
    SELECT line, 'username' AS field, username AS value, name_holder AS holder
      FROM judged WHERE name_holder IS NOT NULL
    UNION ALL
    SELECT line, 'email', email, email_holder FROM judged WHERE email_holder IS NOT NULL
    ORDER BY line LIMIT 1000`,
    [names, names.map(foldName)]
  )
  return { rejected: [], warnings: duplicates.map(describeDuplicate) }
}

function describeDuplicate(duplicate: {
  line: string
  field: string
  value: string
  holder: string
}): Remark {
  const { line, field, value, holder } = duplicate
  return { line: Number(line), reason: `${field} ${value} is already user ${holder}'s: kept as a twin` }
}
