import { text } from '#dashboard/core/language.ts'
import type { AuditEntry } from '#schema/shapes/audit.ts'

/** More than these are folded. */
const MOST = 3

interface Difference {
  name: string
  before: string | undefined
  after: string | undefined
}

/** A value as text; undefined where there is none. */
function show(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value === 'boolean') return value ? text.value.edit.yes : text.value.edit.no
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The name of a field as the page that edits it has it; other fields keep their own. */
function labelOf(name: string): string {
  const t = text.value
  const labels: Record<string, string> = {
    username: t.users.username,
    email: t.users.email,
    name: t.keys.name,
    role: t.keys.role,
    user_id: t.keys.user,
    reason: t.hosts.reason,
    ...t.audit.fields,
    ...Object.fromEntries(Object.entries(t.fields).map(([field, { label }]) => [field, label]))
  }
  return labels[name] ?? name
}

/** The fields in which an entry's two sides differ. */
function listDifferences({ before, after }: Pick<AuditEntry, 'before' | 'after'>): Difference[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  return [...names]
    .map((name) => ({ name, before: show(before?.[name]), after: show(after?.[name]) }))
    .filter((one) => one.before !== one.after)
}

/** What a change replaced, and by what. */
export function Differences({ entry }: { entry: Pick<AuditEntry, 'before' | 'after'> }) {
  const t = text.value.audit
  const all = listDifferences(entry)
  if (all.length === 0) return <span class="soft">{t.noValues}</span>
  if (all.length <= MOST) return <Values values={all} />
  return (
    <details class="differences-more">
      <summary>{t.values(all.length)}</summary>
      <Values values={all} />
    </details>
  )
}

function Values({ values }: { values: readonly Difference[] }) {
  const t = text.value
  return (
    <dl class="differences">
      {values.map(({ name, before, after }) => (
        <div key={name}>
          <dt class="cut soft small" title={name}>
            {labelOf(name)}
          </dt>
          <dd class="wrap">
            {before !== undefined && (
              <del>
                <span class="hidden">{t.audit.before} </span>
                {before === '' ? t.edit.empty : before}
              </del>
            )}
            {after !== undefined && (
              <ins>
                <span class="hidden">{t.audit.after} </span>
                {after === '' ? t.edit.empty : after}
              </ins>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}
