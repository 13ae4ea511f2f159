import { useEffect } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'

/** Names the browser's tab. */
export function usePageTitle(title: string): void {
  const { name } = text.value.app
  useEffect(() => {
    document.title = `${title} · ${name}`
  }, [title, name])
}
