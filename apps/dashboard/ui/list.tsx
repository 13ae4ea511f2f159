import type { ComponentChildren } from 'preact'
import type { CursorList } from '#dashboard/core/cursor.ts'
import { formatAge, formatDate, parseWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from './button.tsx'
import type { IconName } from './icon.tsx'
import { Empty, ErrorNote, More, Skeleton } from './states.tsx'

interface ListProps<Row> {
  list: CursorList<Row>
  /** True if filters are set; `onReset` clears them. */
  isFiltered?: boolean
  onReset?: () => void
  empty: { icon: IconName; title: string; hint: string }
  /** Shown when nothing matches the filters; a general text by default. */
  noMatch?: { title: string; hint: string }
  /** Rows of the placeholder. */
  expected?: number
  /** The label of a button that reads more; without it, scrolling does. */
  moreLabel?: string
  children: (rows: readonly Row[]) => ComponentChildren
}

/** A list in each of its states. */
export function List<Row>({
  list,
  isFiltered = false,
  onReset = list.reload,
  empty,
  noMatch,
  expected = 6,
  moreLabel,
  children
}: ListProps<Row>) {
  const t = text.value
  const { noMatchTitle: title, noMatchHint: hint } = t.admin
  const { data, error } = list
  return (
    <>
      {error !== undefined && <ErrorNote error={error} onRetry={list.reload} />}
      {data === undefined && error === undefined && <Skeleton rows={expected} />}
      {data?.rows.length === 0 &&
        data.next === null &&
        (isFiltered ? (
          <Empty icon="search" {...(noMatch ?? { title, hint })}>
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
          label={moreLabel ?? t.links.more}
          isManual={moreLabel !== undefined}
          onMore={list.more}
        />
      )}
    </>
  )
}

/** A time as its distance from now; the tooltip has the date. */
export function Age({ time, isSoft = true }: { time: string; isSoft?: boolean }) {
  const date = parseWire(time)
  return (
    <time class={isSoft ? 'soft number' : 'number'} dateTime={`${time}Z`} title={formatDate(date, 'full')}>
      {formatAge(date)}
    </time>
  )
}
