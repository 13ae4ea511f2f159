import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { Button } from './button.tsx'
import type { IconName } from './icon.tsx'

interface PopoverProps {
  label: string
  icon: IconName
  /** Shown on the button after the label, such as the number of filters. */
  mark?: string | undefined
  children: (close: () => void) => ComponentChildren
}

/** A button with a panel below it. Escape and a press elsewhere close the panel. */
export function Popover({ label, icon, mark, children }: PopoverProps) {
  const [isOpen, setOpen] = useState(false)
  const element = useRef<HTMLDivElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const id = useId()

  function close() {
    setOpen(false)
    element.current?.querySelector('button')?.focus()
  }

  useEffect(() => {
    if (!isOpen) return
    panel.current?.querySelector<HTMLElement>('input, select, button')?.focus()
    const onDown = (event: Event) => {
      if (!element.current?.contains(event.target as Node)) setOpen(false)
    }
    addEventListener('pointerdown', onDown)
    return () => removeEventListener('pointerdown', onDown)
  }, [isOpen])

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes from any control inside
    <div
      ref={element}
      class="pop"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return
        event.stopPropagation()
        close()
      }}
    >
      <Button
        icon={icon}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {label} {mark && <span class="pop-mark">{mark}</span>}
      </Button>
      {isOpen && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a legend that is shown
        <div ref={panel} id={id} class="pop-panel" role="group" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  )
}
