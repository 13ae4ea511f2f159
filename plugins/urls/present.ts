import { VARIANT, VERSION, type Versioned } from '#platform/http/conditional.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { ExportedUrl } from '#schema/shapes/user-export.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { isReservedCode } from './codes.ts'
import { FIELDS, presentField, SHOWN, shownName, targetsOfRow } from './fields.ts'
import { readGuarded } from './guard.ts'
import type { LinkField } from './link-field.ts'
import { warnOfHost } from './look-alikes.ts'
import { stateOf, visitsLeftOf } from './state.ts'

export interface Presenter {
  /**
   * Returns the short URL of a code. `base` is the public address of the server, without a trailing slash. An
   * imported code may equal a reserved word; `/s/` reaches every code.
   */
  shortUrl(code: string, base: string): string
  /** Returns a url in its wire format; `base` as for {@link shortUrl}. */
  present(row: UrlRow, base: string): Versioned<Url>
  /** Returns a url whose target was just set, with the warnings about that target. */
  presentSet(row: UrlRow, base: string): Versioned<Url>
}

/** What a client may see of a link without following it, besides its target. */
export interface PublicFacts {
  title: string | null
  created_at: string
  /** What is odd about the host of `target`. */
  warnings: string[]
}

export function presentFacts({ title, createdAt }: UrlRow, target: string): PublicFacts {
  return { title, created_at: wireTime(createdAt), warnings: warnOfHost(target) }
}

/** Creates the presenter. `blocks` is true for a target with a blocked host. */
export function createPresenter(blocks: (url: string) => boolean): Presenter {
  function present(row: UrlRow, base: string): Versioned<Url> {
    const isBlocked = targetsOfRow(row).some(blocks)
    const state = stateOf(row, Date.now(), isBlocked)
    const visitsLeft = visitsLeftOf(row)
    return {
      ...presentFields<Omit<Url, 'short_url' | 'state' | 'visits_left'>>(row, SHOWN),
      short_url: shortUrl(row.shortCode, base),
      state,
      visits_left: visitsLeft,
      [VERSION]: row.version,
      [VARIANT]: `${state === 'active' ? '' : state}${visitsLeft ?? ''}`
    }
  }
  return {
    shortUrl,
    present,
    presentSet(row, base) {
      const warnings = warnOfHost(row.originalUrl)
      return { ...present(row, base), ...(warnings.length > 0 && { warnings }) }
    }
  }
}

function shortUrl(code: string, base: string): string {
  return isReservedCode(code) ? `${base}/s/${code}` : `${base}/${code}`
}

/** Returns a url in the format of exports. */
export function presentForExport(row: UrlRow): Omit<ExportedUrl, 'statistics' | 'events' | 'audit'> {
  return presentFields(readGuarded(row), FIELDS)
}

function presentFields<Presented>(row: UrlRow, fields: readonly LinkField[]): Presented {
  const presented: Record<string, unknown> = {}
  for (const field of fields) presented[shownName(field)] = presentField(field, row)
  return presented as Presented
}
