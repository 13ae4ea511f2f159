import { useState } from 'preact/hooks'
import { useAction } from '#dashboard/core/action.ts'
import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { may } from '#dashboard/core/session.ts'
import { Button, IconButton } from '#dashboard/ui/button.tsx'
import { TextField } from '#dashboard/ui/field.tsx'
import { Age, List } from '#dashboard/ui/list.tsx'
import { ErrorNote } from '#dashboard/ui/states.tsx'
import { actionsColumn, Table } from '#dashboard/ui/table.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { BlockedHost } from '#schema/shapes/blocked-host.ts'
import type { PageQuery } from '#schema/shapes/page.ts'
import { AreaPage } from './area-page.tsx'
import { Confirm } from './confirm.tsx'

const SIZE = 100

/** The hosts that no link may lead to. */
export default function HostsPage() {
  return may('blocklist:admin') ? <Allowed /> : <AreaPage area="hosts">{null}</AreaPage>
}

function Allowed() {
  const t = text.value.hosts
  const list = useCursorList<BlockedHost, PageQuery>('hosts', api.blockedHosts.list, {
    page: 1,
    per_page: SIZE
  })
  const [removed, setRemoved] = useState<BlockedHost | null>(null)
  const total = list.data?.total ?? null
  return (
    <AreaPage area="hosts" note={total === null ? undefined : t.count(formatNumber(total), total)}>
      <p class="soft">{t.lead}</p>
      <HostForm onAdded={list.reload} />
      <List list={list} empty={{ icon: 'shield', title: t.emptyTitle, hint: t.emptyHint }}>
        {(rows) => <HostTable rows={rows} onRemove={setRemoved} />}
      </List>
      {removed && (
        <Confirm
          title={t.removeOf(removed.host)}
          action={t.remove}
          run={() => api.blockedHosts.remove(removed.host)}
          onDone={() => {
            showToast(t.removed(removed.host))
            setRemoved(null)
            list.reload()
          }}
          onClose={() => setRemoved(null)}
        >
          <p>{t.removeHint}</p>
        </Confirm>
      )}
    </AreaPage>
  )
}

function HostForm({ onAdded }: { onAdded: () => void }) {
  const t = text.value
  const [host, setHost] = useState('')
  const [reason, setReason] = useState('')
  const [isChecked, setChecked] = useState(false)
  const adding = useAction()
  // People paste whole addresses.
  const named = host.trim().replace(/^[a-z]+:\/\/([^/?#]*).*$/i, '$1')
  const hostError = named === '' ? t.edit.required : undefined

  async function add() {
    const added = await api.blockedHosts.add({ host: named, reason: reason.trim() || null })
    showToast(t.hosts.added(added.host))
    setHost('')
    setReason('')
    setChecked(false)
    onAdded()
  }

  function onSubmit(event: Event) {
    event.preventDefault()
    setChecked(true)
    if (!hostError) void adding.run(add)
  }

  return (
    <form class="card host-form" noValidate onSubmit={onSubmit}>
      <TextField
        label={t.hosts.host}
        hint={t.hosts.hostHint}
        maxLength={255}
        autocomplete="off"
        error={isChecked ? hostError : undefined}
        value={host}
        onValue={setHost}
      />
      <TextField
        label={t.hosts.reason}
        mark={t.app.optional}
        maxLength={500}
        autocomplete="off"
        value={reason}
        onValue={setReason}
      />
      <Button type="submit" kind="primary" isBusy={adding.isBusy}>
        {t.hosts.add}
      </Button>
      {adding.error !== null && <ErrorNote error={adding.error} />}
    </form>
  )
}

function HostTable({
  rows,
  onRemove
}: {
  rows: readonly BlockedHost[]
  onRemove: (host: BlockedHost) => void
}) {
  const t = text.value.hosts
  return (
    <Table<BlockedHost>
      caption={text.value.admin.tabs.hosts}
      layout="is-list card"
      rows={rows}
      keyOf={({ host }) => host}
      columns={[
        {
          id: 'name',
          label: t.host,
          isHead: true,
          render: ({ host }) => <span class="cut strong">{host}</span>
        },
        {
          id: 'reason',
          label: t.reason,
          render: ({ reason }) => <span class="wrap soft">{reason ?? t.noReason}</span>
        },
        { id: 'time', label: t.since, render: ({ created_at }) => <Age time={created_at} /> },
        actionsColumn(text.value.admin.actions, (host) => (
          <IconButton icon="trash" label={t.removeOf(host.host)} onClick={() => onRemove(host)} />
        ))
      ]}
    />
  )
}
