import type { ShortenDraft, UrlDraft } from '#schema/shapes/url.ts'
import { targetMissing, targetsDiffer } from './errors.ts'

/**
 * Reads the body of `POST /shorten`, which names the target `url` or `original_url`. Returns the draft of
 * `POST /urls`, and the field that errors of the target blame. Throws INPUT_INVALID without a target, or if
 * the two differ.
 */
export function readShorten({ url, original_url, ...rest }: ShortenDraft): UrlDraft & { blamed: string } {
  const target = url ?? original_url
  if (target === undefined) throw targetMissing()
  if (original_url !== undefined && original_url !== target) throw targetsDiffer()
  return { ...rest, original_url: target, blamed: url === undefined ? 'original_url' : 'url' }
}
