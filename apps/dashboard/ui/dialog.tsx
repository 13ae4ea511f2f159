import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import { IconButton } from './button.tsx'

interface DialogProps {
  title: string
  children: ComponentChildren
  onClose: () => void
  /** Can't be dismissed: the page behind it can't be used before. */
  isRequired?: boolean
  /** Shows the content only; the title is its name. */
  isBare?: boolean
}

/** A modal dialog. It is open while it is rendered, and returns the focus when it closes. */
export function Dialog({ title, children, onClose, isRequired = false, isBare = false }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const opener = document.activeElement
    const { current } = element
    current?.showModal()
    return () => {
      // An element behind an open dialog takes no focus.
      current?.close()
      if (opener instanceof HTMLElement) opener.focus()
    }
  }, [])
  return (
    <dialog
      ref={element}
      class={isBare ? 'dialog is-bare' : 'dialog'}
      {...(isBare ? { 'aria-label': title } : { 'aria-labelledby': id })}
      onCancel={(event) => {
        event.preventDefault()
        if (!isRequired) onClose()
      }}
      onClick={(event) => {
        // A press on the backdrop has the dialog itself as its target.
        if (event.target === element.current && !isRequired) onClose()
      }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      {isBare ? (
        children
      ) : (
        <div class="dialog-body stack">
          <header class="dialog-head">
            <h2 id={id} class="wrap">
              {title}
            </h2>
            {!isRequired && <IconButton icon="close" label={text.value.app.close} onClick={onClose} />}
          </header>
          {children}
        </div>
      )}
    </dialog>
  )
}
