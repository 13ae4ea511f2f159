import { useState } from 'preact/hooks'
import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { exportPath, mayExportUser } from '#dashboard/core/exports.ts'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { may } from '#dashboard/core/session.ts'
import { Button, IconButton, IconLink } from '#dashboard/ui/button.tsx'
import { Age, List } from '#dashboard/ui/list.tsx'
import { SearchField } from '#dashboard/ui/search.tsx'
import { actionsColumn, Table } from '#dashboard/ui/table.tsx'
import type { User, UserQuery } from '#schema/shapes/user.ts'
import { AreaPage } from './area-page.tsx'
import { FilterSelect, useFilters } from './filter.tsx'
import { UserDialog, UserRemoval } from './user-dialogs.tsx'

const SORTS = ['-id', 'username', '-username', 'email', '-email'] as const
type Sort = (typeof SORTS)[number]

type Task = { kind: 'create' } | { kind: 'edit' | 'remove'; user: User }

/** The users. Search and sort are in the address. */
export default function UsersPage() {
  return may('users:read') ? <Allowed /> : <AreaPage area="users">{null}</AreaPage>
}

function Allowed() {
  const t = text.value.users
  const [{ q, sort: named }, setFilters] = useFilters(['q', 'sort'])
  const sort: Sort = SORTS.find((one) => one === named) ?? '-id'
  const query: UserQuery = { sort, count: 'true', ...(q && { q }) }
  const list = useCursorList<User, UserQuery>(`users ${sort} ${q}`, api.users.list, query)
  const [task, setTask] = useState<Task | null>(null)
  const total = list.data?.total ?? null
  const onDone = () => {
    setTask(null)
    list.reload()
  }
  return (
    <AreaPage
      area="users"
      note={total === null ? undefined : t.count(formatNumber(total), total)}
      action={
        may('users:write') && (
          <Button kind="primary" icon="plus" onClick={() => setTask({ kind: 'create' })}>
            {t.create}
          </Button>
        )
      }
    >
      <div class="filters">
        <SearchField label={t.search} value={q} onValue={(q) => setFilters({ q })} />
        <FilterSelect
          label={t.sort}
          value={sort}
          options={SORTS.map((value) => ({ value, label: t.sorts[value] }))}
          onValue={(sort) => setFilters({ sort: sort === '-id' ? '' : sort })}
        />
      </div>
      <List
        list={list}
        isFiltered={q !== ''}
        onReset={() => setFilters({ q: '' })}
        empty={{ icon: 'users', title: t.emptyTitle, hint: t.emptyHint }}
      >
        {(rows) => <UserTable rows={rows} onTask={setTask} />}
      </List>
      {(task?.kind === 'create' || task?.kind === 'edit') && (
        <UserDialog
          user={task.kind === 'edit' ? task.user : null}
          onDone={onDone}
          onClose={() => setTask(null)}
        />
      )}
      {task?.kind === 'remove' && (
        <UserRemoval user={task.user} onDone={onDone} onClose={() => setTask(null)} />
      )}
    </AreaPage>
  )
}

function UserTable({ rows, onTask }: { rows: readonly User[]; onTask: (task: Task) => void }) {
  const t = text.value.users
  return (
    <Table<User>
      caption={text.value.admin.tabs.users}
      layout="is-list card"
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        {
          id: 'name',
          label: t.username,
          isHead: true,
          render: ({ username }) => <span class="cut strong">{username}</span>
        },
        { id: 'email', label: t.email, render: ({ email }) => <span class="cut">{email}</span> },
        { id: 'id', label: t.id, render: ({ id }) => <span class="soft number">{id}</span> },
        { id: 'time', label: t.created, render: ({ created_at }) => <Age time={created_at} /> },
        ...(may('users:write')
          ? [
              actionsColumn<User>(text.value.admin.actions, (user) => (
                <>
                  {mayExportUser(user.id) && (
                    <IconLink
                      icon="download"
                      label={t.exportOf(user.username)}
                      href={exportPath(user.id)}
                      download={`user-${user.id}.json`}
                    />
                  )}
                  <IconButton
                    icon="pencil"
                    label={t.editOf(user.username)}
                    onClick={() => onTask({ kind: 'edit', user })}
                  />
                  <IconButton
                    icon="trash"
                    label={t.removeOf(user.username)}
                    onClick={() => onTask({ kind: 'remove', user })}
                  />
                </>
              ))
            ]
          : [])
      ]}
    />
  )
}
