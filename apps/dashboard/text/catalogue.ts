import type { Theme } from '#dashboard/core/themes.ts'
import type { Role } from '#schema/shapes/key.ts'
import type { UrlChange } from '#schema/shapes/url.ts'
import type { en } from './en.ts'

/**
 * The type of every catalogue. A new field of a link needs a label in each: the editor is generated from the
 * shape.
 */
export type Catalogue = typeof en

/** Parts of a catalogue that follow a list elsewhere. */
export interface Lists {
  fields: Record<keyof UrlChange, { label: string; hint: string }>
  roles: Record<Role, string>
  themes: Record<Theme, string>
}
