import { useRef, useState } from 'preact/hooks'
import { Confirm } from '#dashboard/admin/confirm.tsx'
import type { CursorList } from '#dashboard/core/cursor.ts'
import { download } from '#dashboard/core/download.ts'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Button, IconButton } from '#dashboard/ui/button.tsx'
import { explain } from '#dashboard/ui/states.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { Url } from '#schema/shapes/url.ts'
import type { UrlQuery } from '#schema/shapes/url-query.ts'
import { readMatching } from './bulk.ts'
import { activate, deactivate, remove, type Task } from './bulk-tasks.ts'
import { type Format, formatFile } from './export-file.ts'
import { Refused, type RefusedProps } from './refused.tsx'
import type { Selection } from './selection.ts'

interface SelectionBarProps {
  selection: Selection
  query: UrlQuery
  list: CursorList<Url>
}

/** What can be done with the selected links. */
export function SelectionBar({ selection, query, list }: SelectionBarProps) {
  const t = text.value.list
  const urls = [...selection.urls.values()]
  /** What runs, as its progress; null if nothing does. */
  const [progress, setProgress] = useState<string | null>(null)
  const [isConfirming, setConfirming] = useState(false)
  const [refused, setRefused] = useState<Omit<RefusedProps, 'onClose'> | null>(null)
  const reading = useRef<AbortController | null>(null)

  async function run(task: Task): Promise<void> {
    const count = formatNumber(urls.length)
    setProgress(t.progress(formatNumber(0), count))
    const { outcome, undo } = await task(urls, (done) => setProgress(t.progress(formatNumber(done), count)))
    setProgress(null)
    if (outcome.refused.length > 0) setRefused({ outcome, undo })
    if (outcome.isUnknown) list.reload()
  }

  async function selectMatching(): Promise<void> {
    const controller = new AbortController()
    reading.current = controller
    let count = 0
    setProgress(t.reading(formatNumber(0)))
    try {
      const { isComplete } = await readMatching(query, controller.signal, (rows) => {
        selection.select(rows, true)
        count += rows.length
        setProgress(t.reading(formatNumber(count)))
      })
      if (!isComplete) showToast(t.readUpTo(formatNumber(count)))
    } catch (error) {
      if (!controller.signal.aborted) showToast(explain(error), { kind: 'bad' })
      else if (count > 0) showToast(t.readUpTo(formatNumber(count)))
    }
    reading.current = null
    setProgress(null)
  }

  function save(format: Format) {
    download(`links-${new Date().toISOString().slice(0, 10)}.${format}`, formatFile(urls, format))
  }

  function clear() {
    selection.clear()
    // This bar goes, and the focus with it.
    document.querySelector<HTMLElement>('.col-select input')?.focus()
  }

  const { rows = [], total = null, isTotalExact = false, next = null } = list.data ?? {}
  // It does not depend on how far the list has grown: a button must not go away under the pointer.
  const hasMore = next !== null || rows.some(({ id }) => !selection.urls.has(id))
  const isBusy = progress !== null
  return (
    <section class="selection" aria-label={t.selection}>
      {!isBusy && <IconButton icon="close" label={t.clear} onClick={clear} />}
      <p class="selection-count number" role="status">
        {progress ?? t.selected(formatNumber(urls.length), urls.length)}
      </p>
      {isBusy ? (
        reading.current && (
          <Button isSmall onClick={() => reading.current?.abort()}>
            {t.stop}
          </Button>
        )
      ) : (
        <>
          {hasMore && (
            <Button kind="quiet" isSmall onClick={() => void selectMatching()}>
              {total !== null && isTotalExact ? t.selectMatching(formatNumber(total)) : t.selectMatchingOpen}
            </Button>
          )}
          <span class="selection-actions">
            <Button isSmall onClick={() => void run(activate)}>
              {t.activate}
            </Button>
            <Button isSmall onClick={() => void run(deactivate)}>
              {t.deactivate}
            </Button>
            <Button isSmall kind="danger" onClick={() => setConfirming(true)}>
              {t.remove}
            </Button>
            <Button isSmall icon="download" title={t.exportHint('CSV')} onClick={() => save('csv')}>
              {t.exportCsv}
            </Button>
            <Button isSmall icon="download" title={t.exportHint('JSON')} onClick={() => save('json')}>
              {t.exportJson}
            </Button>
          </span>
        </>
      )}
      {isConfirming && (
        <Confirm
          title={t.removeTitle(formatNumber(urls.length), urls.length)}
          action={t.remove}
          run={async () => null}
          onDone={() => {
            setConfirming(false)
            void run(remove)
          }}
          onClose={() => setConfirming(false)}
        >
          <p class="soft">{t.removeHint}</p>
        </Confirm>
      )}
      {refused && <Refused {...refused} onClose={() => setRefused(null)} />}
    </section>
  )
}
