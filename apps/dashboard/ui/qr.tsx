import { encode } from 'uqr'
import { download } from '#dashboard/core/download.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'

/** The dark modules of the code as one SVG path, and the width with the quiet zone (ISO/IEC 18004). */
function draw(value: string): { path: string; size: number } {
  const { data, size } = encode(value, { ecc: 'M', border: 4 })
  const path = data
    .flatMap((line, y) => line.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('')
  return { path, size }
}

const PNG_SIZE = 1_024

/** The QR code of a link, with downloads. A lazy part: it brings the encoder. */
export default function QrDialog({ url, code, onClose }: { url: string; code: string; onClose: () => void }) {
  const t = text.value
  const { path, size } = draw(url)

  function onSvg() {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>`
    download(`${code}.svg`, new Blob([svg], { type: 'image/svg+xml' }))
  }

  function onPng() {
    const canvas = document.createElement('canvas')
    const scale = Math.floor(PNG_SIZE / size)
    canvas.width = size * scale
    canvas.height = size * scale
    const context = canvas.getContext('2d')
    if (!context) return
    context.fillStyle = '#fff'
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.scale(scale, scale)
    context.fillStyle = '#000'
    context.fill(new Path2D(path))
    canvas.toBlob((blob) => blob && download(`${code}.png`, blob))
  }

  return (
    <Dialog title={t.links.qr} onClose={onClose}>
      <svg
        class="qr"
        role="img"
        aria-label={t.links.qrOf(code)}
        viewBox={`0 0 ${size} ${size}`}
        shape-rendering="crispEdges"
      >
        <path class="qr-ground" d={`M0 0h${size}v${size}H0z`} />
        <path class="qr-ink" d={path} />
      </svg>
      <p class="mono wrap center">{url}</p>
      <p class="soft small center">{t.links.qrHint}</p>
      <footer class="dialog-foot">
        <Button icon="download" onClick={onPng}>
          {t.links.downloadPng}
        </Button>
        <Button icon="download" kind="primary" onClick={onSvg}>
          {t.links.downloadSvg}
        </Button>
      </footer>
    </Dialog>
  )
}
