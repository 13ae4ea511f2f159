import { useState } from 'preact/hooks'
import { Confirm } from '#dashboard/admin/confirm.tsx'
import { api } from '#dashboard/core/api.ts'
import type { CursorList } from '#dashboard/core/cursor.ts'
import { formatDate, parseWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { signOut } from '#dashboard/core/session.ts'
import { IconButton } from '#dashboard/ui/button.tsx'
import { Age, List } from '#dashboard/ui/list.tsx'
import { Badge } from '#dashboard/ui/states.tsx'
import { actionsColumn, Table } from '#dashboard/ui/table.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { ActiveSession } from '#schema/shapes/session.ts'

/** Sessions, of which each can be ended. Ending the current one signs this browser out. */
export function SessionList({ list }: { list: CursorList<ActiveSession> }) {
  const t = text.value.sessions
  const [chosen, setChosen] = useState<ActiveSession | null>(null)
  return (
    <>
      <List list={list} expected={3} empty={{ icon: 'key', title: t.emptyTitle, hint: t.emptyHint }}>
        {(rows) => <SessionTable rows={rows} onEnd={setChosen} />}
      </List>
      {chosen && (
        <Confirm
          title={t.endOf(formatDate(parseWire(chosen.created_at), 'full'))}
          action={chosen.is_current ? t.endCurrent : t.end}
          run={() => (chosen.is_current ? signOut() : api.sessions.end(chosen.id).then(() => undefined))}
          onDone={() => {
            setChosen(null)
            if (chosen.is_current) return
            showToast(t.ended)
            list.reload()
          }}
          onClose={() => setChosen(null)}
        >
          <p>{chosen.is_current ? t.endCurrentHint : t.endHint}</p>
        </Confirm>
      )}
    </>
  )
}

function SessionTable({
  rows,
  onEnd
}: {
  rows: readonly ActiveSession[]
  onEnd: (session: ActiveSession) => void
}) {
  const t = text.value.sessions
  return (
    <Table<ActiveSession>
      caption={text.value.admin.tabs.sessions}
      layout="is-list is-sessions card"
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        {
          id: 'name',
          label: t.caller,
          isHead: true,
          render: ({ name, role, is_current }) => (
            <span class="target">
              <span class="cut strong">{name ?? t.noName}</span>
              <span class="row">
                <span class="soft">{text.value.roles[role]}</span>
                {is_current && <Badge tone="good">{t.current}</Badge>}
              </span>
            </span>
          )
        },
        {
          id: 'by',
          label: t.by,
          render: ({ key_id }) => (
            <span class="target">
              <span>{key_id === null ? t.byProvider : t.byKey}</span>
              {key_id !== null && <code class="cut soft small">{key_id}</code>}
            </span>
          )
        },
        { id: 'began', label: t.began, render: ({ created_at }) => <Age time={created_at} /> },
        { id: 'used', label: t.used, render: ({ last_seen_at }) => <Age time={last_seen_at} /> },
        {
          id: 'ends',
          label: t.ends,
          render: ({ expires_at, idle_expires_at }) => (
            <span class="target">
              <span class="number">{formatDate(parseWire(expires_at), 'full')}</span>
              {idle_expires_at !== expires_at && (
                <span class="soft small number">
                  {t.idle(formatDate(parseWire(idle_expires_at), 'time'))}
                </span>
              )}
            </span>
          )
        },
        actionsColumn(text.value.admin.actions, (session) => (
          <IconButton
            icon="exit"
            label={
              session.is_current ? t.endCurrent : t.endOf(formatDate(parseWire(session.created_at), 'full'))
            }
            onClick={() => onEnd(session)}
          />
        ))
      ]}
    />
  )
}
