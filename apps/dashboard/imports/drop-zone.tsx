import { useEffect, useState } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import { Icon } from '#dashboard/ui/icon.tsx'

const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') === true

/** Takes files that are dropped or chosen. A file dropped beside it does not replace the page. */
export function DropZone({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const t = text.value.imports
  const [isOver, setOver] = useState(false)

  useEffect(() => {
    const refuse = (event: DragEvent) => {
      // The zone itself has taken it.
      if (event.defaultPrevented || !hasFiles(event)) return
      event.preventDefault()
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'none'
    }
    addEventListener('dragover', refuse)
    addEventListener('drop', refuse)
    return () => {
      removeEventListener('dragover', refuse)
      removeEventListener('drop', refuse)
    }
  }, [])

  const onOver = (event: DragEvent) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    setOver(true)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut for the button in it
    <div
      class={isOver ? 'drop is-over' : 'drop'}
      onDragEnter={onOver}
      onDragOver={onOver}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false)
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        setOver(false)
        onFiles([...(event.dataTransfer?.files ?? [])])
      }}
    >
      <span class="empty-icon">
        <Icon name="upload" size={24} />
      </span>
      <p class="strong">{t.drop}</p>
      <p class="soft small">{t.dropHint}</p>
      <label class="button secondary file-button">
        {t.choose}
        <input
          class="hidden"
          type="file"
          multiple
          accept=".csv,.tsv,.txt,.json,text/csv,application/json"
          onChange={({ currentTarget }) => {
            onFiles([...(currentTarget.files ?? [])])
            // The same file can be chosen again after it was corrected.
            currentTarget.value = ''
          }}
        />
      </label>
    </div>
  )
}
