import { useEffect, useState } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import { Button, IconButton } from './button.tsx'
import { showToast } from './toast.tsx'

/** Copies `value`. Returns false where the browser forbids it: pages without https, old browsers. */
export async function copyText(value: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(value)
    return true
  } catch {
    return copyBySelection(value)
  }
}

/** The way that also works on a page without https, which has no `navigator.clipboard`. */
function copyBySelection(value: string): boolean {
  const area = document.createElement('textarea')
  area.value = value
  area.className = 'hidden'
  const host = document.querySelector('dialog[open]') ?? document.body
  host.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  return isCopied
}

const SHOWN_MS = 2_000

interface CopyProps {
  value: string
  /** The name for screen readers; the visible text without `isIcon`. */
  label: string
  isIcon?: boolean
  kind?: 'primary' | 'secondary'
}

/** Copies `value` and confirms it in place. */
export function CopyButton({ value, label, isIcon = false, kind = 'secondary' }: CopyProps) {
  const [isCopied, setCopied] = useState(false)
  const t = text.value.app
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [isCopied])
  async function onCopy() {
    if (await copyText(value)) setCopied(true)
    else showToast(t.copyFailed, { kind: 'bad' })
  }
  const icon = isCopied ? 'check' : 'copy'
  return (
    <>
      {isIcon ? (
        <IconButton icon={icon} label={isCopied ? t.copied : label} onClick={onCopy} />
      ) : (
        <Button icon={icon} kind={kind} onClick={onCopy}>
          {isCopied ? t.copied : label}
        </Button>
      )}
      <span class="hidden" role="status">
        {isCopied && t.copied}
      </span>
    </>
  )
}
