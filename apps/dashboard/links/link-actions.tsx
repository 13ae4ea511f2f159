import { useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import { api } from '#dashboard/core/api.ts'
import { text } from '#dashboard/core/language.ts'
import { may } from '#dashboard/core/session.ts'
import { IconButton } from '#dashboard/ui/button.tsx'
import { explain } from '#dashboard/ui/states.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { Url } from '#schema/shapes/url.ts'
import { hide, lastChange, unhide } from './changes.ts'
import { EditDialog } from './edit-dialog.tsx'
import { QrButton } from './qr-button.tsx'

/**
 * Deletes a link at once, and offers to take it back. Lists hide it before the server confirms. Without
 * `If-Match`: undo restores the link with all changes, also those that the list did not show.
 */
async function removeLink(url: Url): Promise<void> {
  const t = text.value.links
  hide([url.id])
  try {
    await api.links.remove(url.id)
    lastChange.value = { kind: 'removed', id: url.id }
    showToast(t.removed(url.short_code), { action: { label: t.undo, run: () => void restoreLink(url) } })
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      lastChange.value = { kind: 'removed', id: url.id }
      showToast(t.removedBefore(url.short_code))
    } else showToast(explain(error), { kind: 'bad' })
  }
  unhide([url.id])
}

async function restoreLink(url: Url): Promise<void> {
  const t = text.value.links
  try {
    const data = await api.links.restore(url.id)
    lastChange.value = { kind: 'created', url: data }
    showToast(t.restored(url.short_code))
  } catch {
    showToast(t.restoreFailed(url.short_code), { kind: 'bad' })
  }
}

function RestoreButton({ url }: { url: Url }) {
  return (
    <IconButton
      icon="rotate"
      label={text.value.tags.restoreOf(url.short_code)}
      onClick={() => void restoreLink(url)}
    />
  )
}

/** The actions on one link that the session permits. */
export function LinkActions({ url, onRemoved }: { url: Url; onRemoved?: () => void }) {
  const t = text.value.links
  const [isEditing, setEditing] = useState(false)
  if (url.state === 'deleted') return may('urls:write') && <RestoreButton url={url} />
  function onRemove() {
    onRemoved?.()
    void removeLink(url)
  }
  return (
    <>
      <QrButton url={url} />
      {may('urls:write') && (
        <>
          <IconButton icon="pencil" label={t.editOf(url.short_code)} onClick={() => setEditing(true)} />
          <IconButton icon="trash" label={t.removeOf(url.short_code)} onClick={onRemove} />
        </>
      )}
      {isEditing && <EditDialog url={url} onClose={() => setEditing(false)} />}
    </>
  )
}
