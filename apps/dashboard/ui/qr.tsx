import { useState } from 'preact/hooks'
import { download } from '#dashboard/core/download.ts'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { QR_LEVELS, refuseColors, toPath, toSvg } from '#schema/shapes/qr-drawing.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { SelectField, TextField } from './field.tsx'
import { colorsOf, encodeLink, INITIAL, type QrStyle, toPng } from './qr-image.ts'
import { showToast } from './toast.tsx'

const SIZES = [256, 512, 1_024, 2_048]
const MARGINS = [0, 1, 2, 4, 8, 16]
/** Percent of a code that may be lost, by level (ISO/IEC 18004). */
const LOST = { L: 7, M: 15, Q: 25, H: 30 }

/** The designer of a link's QR code, with downloads. A lazy part: it brings the encoder. */
export default function QrDialog({ url, code, onClose }: { url: string; code: string; onClose: () => void }) {
  const t = text.value
  const [style, setStyle] = useState(INITIAL)
  const modules = encodeLink(url, style)
  const colors = colorsOf(style)
  const refusal = refuseColors(colors.color, colors.background)
  const width = modules.length

  async function onCopy() {
    try {
      // Safari takes a promise only.
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': toPng(modules, style) })])
      showToast(t.app.copied)
    } catch {
      showToast(t.app.copyFailed, { kind: 'bad' })
    }
  }

  async function onPng() {
    download(`${code}.png`, await toPng(modules, style))
  }

  function onSvg() {
    const svg = toSvg(modules, { size: style.size, ...colors })
    download(`${code}.svg`, new Blob([svg], { type: 'image/svg+xml' }))
  }

  const isRefused = refusal !== null
  return (
    <Dialog title={t.links.qr} onClose={onClose}>
      <svg
        class="qr"
        role="img"
        aria-label={t.links.qrOf(code)}
        viewBox={`0 0 ${width} ${width}`}
        shape-rendering="crispEdges"
      >
        <path fill={style.background} d={`M0 0h${width}v${width}H0z`} />
        <path fill={style.color} d={toPath(modules)} />
      </svg>
      <p class="mono wrap center">{url}</p>
      <p class="soft small center">{t.qr.hint}</p>
      <QrFields
        style={style}
        refusal={refusal}
        onStyle={(change) => setStyle((last) => ({ ...last, ...change }))}
      />
      <footer class="dialog-foot">
        <Button icon="copy" disabled={isRefused} onClick={() => void onCopy()}>
          {t.qr.copy}
        </Button>
        <Button icon="download" disabled={isRefused} onClick={() => void onPng()}>
          {t.qr.png}
        </Button>
        <Button icon="download" kind="primary" disabled={isRefused} onClick={onSvg}>
          {t.qr.svg}
        </Button>
      </footer>
    </Dialog>
  )
}

interface FieldsProps {
  style: QrStyle
  refusal: ReturnType<typeof refuseColors>
  onStyle: (change: Partial<QrStyle>) => void
}

function QrFields({ style, refusal, onStyle }: FieldsProps) {
  const t = text.value.qr
  return (
    <div class="qr-fields">
      <SelectField
        label={t.size}
        value={`${style.size}`}
        options={SIZES.map((size) => ({ value: `${size}`, label: t.pixels(formatNumber(size)) }))}
        onValue={(value) => onStyle({ size: Number(value) })}
      />
      <SelectField
        label={t.margin}
        hint={style.margin < INITIAL.margin ? t.narrow : undefined}
        value={`${style.margin}`}
        options={MARGINS.map((margin) => ({ value: `${margin}`, label: t.modules(`${margin}`, margin) }))}
        onValue={(value) => onStyle({ margin: Number(value) })}
      />
      <TextField
        type="color"
        label={t.color}
        error={refusal === null ? undefined : t[refusal]}
        value={style.color}
        onValue={(color) => onStyle({ color })}
      />
      <TextField
        type="color"
        label={t.background}
        value={style.background}
        onValue={(background) => onStyle({ background })}
      />
      <SelectField
        label={t.level}
        value={style.level}
        options={QR_LEVELS.map((level) => ({ value: level, label: t.lost(level, LOST[level]) }))}
        onValue={(level) => onStyle({ level })}
      />
    </div>
  )
}
