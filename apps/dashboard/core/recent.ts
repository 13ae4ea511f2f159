import { signal } from '@preact/signals'
import type { Url } from '#schema/shapes/url.ts'
import { owner } from './session.ts'

/** The links viewed last. They are kept while the page is open only: other people may use the browser. */

export type RecentLink = Pick<Url, 'id' | 'short_code' | 'original_url' | 'title'>

const KEPT = 5
const links = signal<{ owner: string; links: RecentLink[] }>({ owner: '', links: [] })

/** The newest visit first. Another owner begins without any. */
export function listRecent(): RecentLink[] {
  return links.value.owner === owner.value ? links.value.links : []
}

export function noteVisit({ id, short_code, original_url, title }: RecentLink): void {
  const others = listRecent().filter((one) => one.id !== id)
  links.value = {
    owner: owner.value,
    links: [{ id, short_code, original_url, title }, ...others].slice(0, KEPT)
  }
}

/** Drops a link that is deleted. */
export function forgetVisit(id: number): void {
  links.value = { ...links.value, links: links.value.links.filter((one) => one.id !== id) }
}
