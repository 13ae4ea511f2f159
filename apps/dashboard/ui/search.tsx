import { useEffect, useRef, useState } from 'preact/hooks'
import { useShortcut } from '#dashboard/core/shortcuts.ts'
import { Icon } from './icon.tsx'

/** Pause in typing after which the search runs. */
const TYPING_MS = 250

interface SearchProps {
  label: string
  /** Shown while the field is empty; the label by default. */
  hint?: string
  value: string
  onValue: (value: string) => void
}

/** Searches after a pause in typing. */
export function SearchField({ label, hint = label, value, onValue }: SearchProps) {
  const [typed, setTyped] = useState(value)
  const sent = useRef(value)
  const latest = useRef(onValue)
  latest.current = onValue
  const field = useRef<HTMLInputElement>(null)
  useShortcut('/', () => field.current?.focus())
  // The value may change otherwise, as by a button that clears the filters.
  useEffect(() => {
    if (value !== sent.current) setTyped(value)
    sent.current = value
  }, [value])
  useEffect(() => {
    if (typed === sent.current) return
    const timer = setTimeout(() => {
      sent.current = typed
      latest.current(typed)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={field}
        class="input"
        type="search"
        aria-label={label}
        placeholder={hint}
        maxLength={200}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </div>
  )
}
