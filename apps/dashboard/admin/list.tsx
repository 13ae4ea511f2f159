import type { ComponentChildren } from 'preact'
import type { CursorList } from '#dashboard/core/cursor.ts'
import { formatAge, formatDate, parseWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import type { IconName } from '#dashboard/ui/icon.tsx'
import { Empty, ErrorNote, More, Skeleton } from '#dashboard/ui/states.tsx'

interface ListProps<Row> {
  list: CursorList<Row>
  isFiltered: boolean
  onReset: () => void
  empty: { icon: IconName; title: string; hint: string }
  children: (rows: readonly Row[]) => ComponentChildren
}

/** A list in each of its states. */
export function List<Row>({ list, isFiltered, onReset, empty, children }: ListProps<Row>) {
  const t = text.value
  const { data, error } = list
  return (
    <>
      {error !== undefined && <ErrorNote error={error} onRetry={list.reload} />}
      {data === undefined && error === undefined && <Skeleton rows={6} />}
      {data?.rows.length === 0 &&
        (isFiltered ? (
          <Empty icon="search" title={t.admin.noMatchTitle} hint={t.admin.noMatchHint}>
            <Button onClick={onReset}>{t.links.reset}</Button>
          </Empty>
        ) : (
          <Empty {...empty} />
        ))}
      {data && data.rows.length > 0 && children(data.rows)}
      {data && (
        <More
          hasMore={data.next !== null}
          isReading={list.isReadingMore}
          label={t.links.more}
          onMore={list.more}
        />
      )}
    </>
  )
}

/** A time as its distance from now; the tooltip has the date. */
export function Age({ time }: { time: string }) {
  const date = parseWire(time)
  return (
    <time class="soft number" dateTime={`${time}Z`} title={formatDate(date, 'full')}>
      {formatAge(date)}
    </time>
  )
}
