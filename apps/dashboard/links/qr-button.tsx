import type { FunctionComponent } from 'preact'
import { useState } from 'preact/hooks'
import { loadPart } from '#dashboard/core/connection.ts'
import { text } from '#dashboard/core/language.ts'
import { IconButton } from '#dashboard/ui/button.tsx'
import type { Url } from '#schema/shapes/url.ts'

type Part = FunctionComponent<{ url: string; code: string; onClose: () => void }>

/** Opens the QR code of a link, and loads its encoder when it is used. */
export function QrButton({ url }: { url: Url }) {
  const [part, setPart] = useState<{ QrDialog: Part } | null>(null)
  async function onOpen() {
    const { default: QrDialog } = await loadPart(() => import('#dashboard/ui/qr.tsx'))
    setPart({ QrDialog })
  }
  return (
    <>
      <IconButton
        icon="qr"
        label={text.value.links.qrOf(url.short_code)}
        onClick={() => void onOpen().catch(() => undefined)}
      />
      {part && <part.QrDialog url={url.short_url} code={url.short_code} onClose={() => setPart(null)} />}
    </>
  )
}
