import { useState } from 'preact/hooks'
import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { may } from '#dashboard/core/session.ts'
import { reloadTags } from '#dashboard/core/tags.ts'
import { Button, IconButton } from '#dashboard/ui/button.tsx'
import { List } from '#dashboard/ui/list.tsx'
import { SearchField } from '#dashboard/ui/search.tsx'
import { actionsColumn, Table } from '#dashboard/ui/table.tsx'
import { TagName, tagAddress } from '#dashboard/ui/tags.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { Tag, TagQuery } from '#schema/shapes/tag.ts'
import { AreaPage } from './area-page.tsx'
import { Confirm } from './confirm.tsx'
import { useFilters } from './filter.tsx'
import { MergeDialog, TagDialog } from './tag-dialogs.tsx'

const SIZE = 100

type Task = { kind: 'edit'; tag: Tag | null } | { kind: 'merge' | 'remove'; tag: Tag }

/** The tags with their numbers of links. Administrators change them. */
export default function TagsPage() {
  const t = text.value.tags
  const [{ q }, setFilters] = useFilters(['q'])
  const list = useCursorList<Tag, TagQuery>(`tags ${q}`, api.tags.list, {
    page: 1,
    per_page: SIZE,
    ...(q && { q })
  })
  const [task, setTask] = useState<Task | null>(null)
  const total = list.data?.total ?? null
  const close = () => setTask(null)
  const onDone = (message: string) => {
    showToast(message)
    close()
    list.reload()
    reloadTags()
  }
  const action = may('tags:write') && (
    <Button kind="primary" icon="plus" onClick={() => setTask({ kind: 'edit', tag: null })}>
      {t.create}
    </Button>
  )
  return (
    <AreaPage
      area="tags"
      note={total === null ? undefined : t.count(formatNumber(total), total)}
      action={action}
    >
      <p class="soft">{t.lead}</p>
      <div class="filters">
        <SearchField label={t.search} value={q} onValue={(q) => setFilters({ q })} />
      </div>
      <List
        list={list}
        isFiltered={q !== ''}
        onReset={() => setFilters({ q: '' })}
        empty={{ icon: 'tag', title: t.emptyTitle, hint: t.emptyHint }}
      >
        {(rows) => <TagTable rows={rows} onTask={setTask} />}
      </List>
      {task?.kind === 'edit' && (
        <TagDialog
          tag={task.tag}
          onDone={({ name }) => onDone(task.tag === null ? t.created(name) : t.saved(name))}
          onClose={close}
        />
      )}
      {task?.kind === 'merge' && (
        <MergeDialog
          tag={task.tag}
          onDone={({ name }) => onDone(t.merged(task.tag.name, name))}
          onClose={close}
        />
      )}
      {task?.kind === 'remove' && (
        <Confirm
          title={t.removeOf(task.tag.name)}
          action={t.remove}
          run={() => api.tags.remove(task.tag.name)}
          onDone={() => onDone(t.removed(task.tag.name))}
          onClose={close}
        >
          <p>{t.removeHint(formatNumber(task.tag.links), task.tag.links)}</p>
        </Confirm>
      )}
    </AreaPage>
  )
}

function TagTable({ rows, onTask }: { rows: readonly Tag[]; onTask: (task: Task) => void }) {
  const t = text.value.tags
  return (
    <Table<Tag>
      caption={text.value.admin.tabs.tags}
      layout="is-list card"
      rows={rows}
      keyOf={({ name }) => name}
      columns={[
        {
          id: 'name',
          label: t.name,
          isHead: true,
          render: ({ name, color }) => (
            <a class="tag" href={tagAddress(name)}>
              <TagName name={name} color={color} />
            </a>
          )
        },
        {
          id: 'links',
          label: t.links,
          render: ({ links }) => <span class="number">{formatNumber(links)}</span>
        },
        ...(may('tags:write')
          ? [
              actionsColumn<Tag>(text.value.admin.actions, (tag) => (
                <>
                  <IconButton
                    icon="pencil"
                    label={t.editOf(tag.name)}
                    onClick={() => onTask({ kind: 'edit', tag })}
                  />
                  <IconButton
                    icon="merge"
                    label={t.mergeOf(tag.name)}
                    disabled={rows.length < 2}
                    onClick={() => onTask({ kind: 'merge', tag })}
                  />
                  <IconButton
                    icon="trash"
                    label={t.removeOf(tag.name)}
                    onClick={() => onTask({ kind: 'remove', tag })}
                  />
                </>
              ))
            ]
          : [])
      ]}
    />
  )
}
