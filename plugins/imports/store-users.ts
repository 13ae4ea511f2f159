import type { ClientBase } from 'pg'
import type { Remark } from './report.ts'
import type { Merged } from './store.ts'

/**
 * Inserts the staged users. All of them land: one whose username or email somebody already has, compared without
 * case, is a twin and leaves that key to its holder. The oldest line of a file comes first.
 */
export async function mergeUsers(client: ClientBase): Promise<Merged> {
  const { rows: twins } = await client.query<{ line: string; field: string; value: string; holder: string }>(`
    WITH judged AS (
      SELECT staging.*,
        lower(staging.username) AS username_key,
        lower(staging.email) AS email_key,
        coalesce(same_name.id, nullif(first_value(staging.id) OVER names, staging.id)) AS name_holder,
        coalesce(same_email.id, nullif(first_value(staging.id) OVER emails, staging.id)) AS email_holder
      FROM staging
      LEFT JOIN users same_name ON same_name.username_key = lower(staging.username)
      LEFT JOIN users same_email ON same_email.email_key = lower(staging.email)
      WINDOW names AS (PARTITION BY lower(staging.username) ORDER BY staging.line),
        emails AS (PARTITION BY lower(staging.email) ORDER BY staging.line)
    ), landed AS (
      INSERT INTO users (id, username, email, username_key, email_key, created_at)
      SELECT id, username, email,
        CASE WHEN name_holder IS NULL THEN username_key END,
        CASE WHEN email_holder IS NULL THEN email_key END,
        created_at
      FROM judged
    )
    SELECT line, 'username' AS field, username AS value, name_holder AS holder
      FROM judged WHERE name_holder IS NOT NULL
    UNION ALL
    SELECT line, 'email', email, email_holder FROM judged WHERE email_holder IS NOT NULL
    ORDER BY line LIMIT 1000`)
  return { rejected: [], warnings: twins.map(describeTwin) }
}

function describeTwin(twin: { line: string; field: string; value: string; holder: string }): Remark {
  const { line, field, value, holder } = twin
  return { line: Number(line), reason: `${field} ${value} is already user ${holder}'s: kept as a twin` }
}
