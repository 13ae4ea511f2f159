import { useState } from 'preact/hooks'
import { api } from '#dashboard/core/api.ts'
import { now } from '#dashboard/core/clock.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { formatDate, formatNumber, parseWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { may } from '#dashboard/core/session.ts'
import { Button, IconButton } from '#dashboard/ui/button.tsx'
import { Age, List } from '#dashboard/ui/list.tsx'
import { Badge } from '#dashboard/ui/states.tsx'
import { actionsColumn, Table } from '#dashboard/ui/table.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { IssuedKey, Key, KeyQuery } from '#schema/shapes/key.ts'
import { AreaPage } from './area-page.tsx'
import { Confirm } from './confirm.tsx'
import { FilterSelect, useFilters } from './filter.tsx'
import { CreateKey, Secret } from './key-dialogs.tsx'

const STATES = ['active', 'expired', 'revoked'] as const

type Task =
  | { kind: 'create' }
  | { kind: 'rotate' | 'revoke'; key: Key }
  | { kind: 'secret'; issued: IssuedKey }

/** The API keys. Filters are in the address. */
export default function KeysPage() {
  return may('keys:admin') ? <Allowed /> : <AreaPage area="keys">{null}</AreaPage>
}

function Allowed() {
  const t = text.value.keys
  const [{ state: named }, setFilters] = useFilters(['state'])
  const state = STATES.find((one) => one === named)
  const query: KeyQuery = { sort: '-created_at', count: 'true', ...(state && { state }) }
  const list = useCursorList<Key, KeyQuery>(`keys ${state}`, api.keys.list, query)
  const [task, setTask] = useState<Task | null>(null)
  const total = list.data?.total ?? null
  const onClose = () => setTask(null)
  const onIssued = (issued: IssuedKey) => {
    setTask({ kind: 'secret', issued })
    list.reload()
  }
  return (
    <AreaPage
      area="keys"
      note={total === null ? undefined : t.count(formatNumber(total), total)}
      action={
        <Button kind="primary" icon="plus" onClick={() => setTask({ kind: 'create' })}>
          {t.create}
        </Button>
      }
    >
      <div class="filters">
        <FilterSelect
          label={t.state}
          value={state ?? ''}
          options={[
            { value: '', label: t.allStates },
            ...STATES.map((value) => ({ value, label: t.states[value] }))
          ]}
          onValue={(state) => setFilters({ state })}
        />
      </div>
      <List
        list={list}
        isFiltered={state !== undefined}
        onReset={() => setFilters({ state: '' })}
        empty={{ icon: 'key', title: t.emptyTitle, hint: t.emptyHint }}
      >
        {(rows) => <KeyTable rows={rows} onTask={setTask} />}
      </List>
      {task?.kind === 'create' && <CreateKey onIssued={onIssued} onClose={onClose} />}
      {task?.kind === 'secret' && <Secret issued={task.issued} onClose={onClose} />}
      {task?.kind === 'rotate' && (
        <Confirm
          title={t.rotateOf(task.key.name)}
          action={t.rotate}
          run={() => api.keys.rotate(task.key.id)}
          onDone={onIssued}
          onClose={onClose}
        >
          <p>{t.rotateHint}</p>
        </Confirm>
      )}
      {task?.kind === 'revoke' && (
        <Confirm
          title={t.revokeOf(task.key.name)}
          action={t.revoke}
          run={() => api.keys.revoke(task.key.id)}
          onDone={() => {
            showToast(t.revoked(task.key.name))
            onClose()
            list.reload()
          }}
          onClose={onClose}
        >
          <p>{t.revokeHint}</p>
        </Confirm>
      )}
    </AreaPage>
  )
}

function KeyState({ value }: { value: Key }) {
  const t = text.value.keys.states
  if (value.revoked_at !== null) return <Badge tone="plain">{t.revoked}</Badge>
  if (value.expires_at !== null && parseWire(value.expires_at).getTime() <= now())
    return <Badge tone="warn">{t.expired}</Badge>
  return <Badge tone="good">{t.active}</Badge>
}

function KeyTable({ rows, onTask }: { rows: readonly Key[]; onTask: (task: Task) => void }) {
  const t = text.value
  return (
    <Table<Key>
      caption={t.admin.tabs.keys}
      layout="is-list card"
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        {
          id: 'name',
          label: t.keys.name,
          isHead: true,
          render: ({ name, id }) => (
            <span class="target">
              <span class="cut strong">{name}</span>
              <code class="cut soft">{id}</code>
            </span>
          )
        },
        {
          id: 'role',
          label: t.keys.role,
          render: ({ role, user_id }) => (
            <span class="target">
              <span>{t.roles[role]}</span>
              {user_id !== null && <span class="soft small number">{t.keys.userOf(user_id)}</span>}
            </span>
          )
        },
        { id: 'state', label: t.keys.state, render: (key) => <KeyState value={key} /> },
        {
          id: 'used',
          label: t.keys.used,
          render: ({ last_used_at }) =>
            last_used_at === null ? <span class="soft">{t.admin.never}</span> : <Age time={last_used_at} />
        },
        {
          id: 'expires',
          label: t.keys.expires,
          render: ({ expires_at }) => (
            <span class="soft number">
              {expires_at === null ? t.admin.never : formatDate(parseWire(expires_at), 'full')}
            </span>
          )
        },
        actionsColumn(
          t.admin.actions,
          (key) =>
            key.revoked_at === null && (
              <>
                <IconButton
                  icon="rotate"
                  label={t.keys.rotateOf(key.name)}
                  onClick={() => onTask({ kind: 'rotate', key })}
                />
                <IconButton
                  icon="trash"
                  label={t.keys.revokeOf(key.name)}
                  onClick={() => onTask({ kind: 'revoke', key })}
                />
              </>
            )
        )
      ]}
    />
  )
}
