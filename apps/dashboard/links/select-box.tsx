import { useEffect, useRef } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { Selection } from './selection.ts'

interface SelectBoxProps {
  url: Url
  isSelected: boolean
  /** `isRange` is true with the Shift key. */
  onPress: (isSelected: boolean, isRange: boolean) => void
}

/** Selects a link; with Shift also those between it and the last one. */
export function SelectBox({ url, isSelected, onPress }: SelectBoxProps) {
  return (
    <label class="select-box">
      <input
        type="checkbox"
        aria-label={text.value.list.select(url.short_code)}
        checked={isSelected}
        onClick={(event) => onPress(event.currentTarget.checked, event.shiftKey)}
      />
    </label>
  )
}

/** Selects the links that are shown. */
export function SelectAll({ rows, selection }: { rows: readonly Url[]; selection: Selection }) {
  const element = useRef<HTMLInputElement>(null)
  const count = rows.filter(({ id }) => selection.urls.has(id)).length
  const isPartly = count > 0 && count < rows.length
  useEffect(() => {
    if (element.current) element.current.indeterminate = isPartly
  }, [isPartly])
  return (
    <label class="select-box">
      <input
        ref={element}
        type="checkbox"
        aria-label={text.value.list.selectAll}
        checked={count === rows.length}
        onChange={({ currentTarget: { checked } }) => selection.select(rows, checked)}
      />
    </label>
  )
}
