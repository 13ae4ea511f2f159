/**
 * An address that another page hands over: the bookmarklet by `?new=` and `title`, the share sheet of a phone
 * also by `text`, in which many programs put the address. It fills the field; nothing is shortened before a
 * person presses the button.
 */

export interface Incoming {
  address: string
  title: string
}

const NAMES = ['new', 'title', 'text']

/** The API accepts no longer title. */
const MAX_TITLE = 512

/** What the address of this page hands over. */
export const incoming = readIncoming(location.search)

function readIncoming(search: string): Incoming | null {
  const query = new URLSearchParams(search)
  const address = query.get('new')?.trim() || /https?:\/\/\S+/i.exec(query.get('text') ?? '')?.[0]
  if (!address) return null
  // One line each: a line break would begin another link.
  const [title, target] = [query.get('title') ?? '', address].map((one) =>
    one.replace(/\p{Cc}+/gu, ' ').trim()
  )
  return { address: target ?? '', title: [...(title ?? '')].slice(0, MAX_TITLE).join('') }
}

/** Removes it from the address of the page, so that a reload or a bookmark does not fill the field again. */
export function takeIncoming(): void {
  const url = new URL(location.href)
  for (const name of NAMES) url.searchParams.delete(name)
  history.replaceState(history.state, '', url)
}
