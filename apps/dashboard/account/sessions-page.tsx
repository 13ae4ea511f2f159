import { AreaPage } from '#dashboard/admin/area-page.tsx'
import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { may } from '#dashboard/core/session.ts'
import type { ActiveSession, SessionQuery } from '#schema/shapes/session.ts'
import { SessionList } from './session-list.tsx'

const SIZE = 100

/** The sessions of all callers. */
export default function SessionsPage() {
  return may('keys:admin') ? <Allowed /> : <AreaPage area="sessions">{null}</AreaPage>
}

function Allowed() {
  const t = text.value.sessions
  const list = useCursorList<ActiveSession, SessionQuery>('sessions', api.sessions.list, {
    all: 'true',
    page: 1,
    per_page: SIZE
  })
  const total = list.data?.total ?? null
  return (
    <AreaPage area="sessions" note={total === null ? undefined : t.count(formatNumber(total), total)}>
      <p class="soft">{t.lead}</p>
      <SessionList list={list} />
    </AreaPage>
  )
}
