import { type Caller, onlyOwnerOf } from '#platform/access/caller.ts'
import type { Database, SqlPart } from '#platform/database/index.ts'
import type { RecordChanges } from '#plugins/audit/contract.ts'
import { type Page, pageWindow } from '#schema/shapes/page.ts'
import { type Tag, type TagChange, type TagDraft, type TagQuery, toTagName } from '#schema/shapes/tag.ts'
import { mergedIntoItself, tagTaken, tagUnknown } from './errors.ts'
import { deleteTag, findTag, listTags, lockTags, storeTag } from './store.ts'

/**
 * `app.tags`: the tags of the installation. A tag exists while a link has it, or while it is stored with a
 * colour or by {@link TagService.create}. Names may have any spelling, see `toTagName`.
 */
export interface TagService {
  /** Lists tags by name. A caller that is limited to its own links sees their tags, with their counts. */
  list(caller: Caller, query: TagQuery): Promise<Page<Tag>>
  /** Throws TAG_TAKEN. */
  create(draft: TagDraft): Promise<Tag>
  /** Renames a tag on all links, or sets its colour. Throws TAG_UNKNOWN, TAG_TAKEN. */
  change(name: string, change: TagChange): Promise<Tag>
  /** Gives all links with the tag `name` the tag `into` instead. Throws TAG_UNKNOWN, INPUT_INVALID. */
  merge(name: string, into: string): Promise<Tag>
  /** Takes the tag off all links. Throws TAG_UNKNOWN. */
  remove(name: string): Promise<void>
}

export interface TagCollaborators {
  /** Parts of `app.urls.tags`. */
  links: {
    countsOf(owner: number | undefined): SqlPart
    count(name: string): Promise<number>
    replace(name: string, other: string | null): Promise<void>
  }
  audit: RecordChanges
}

export function createTagService(database: Database, { links, audit }: TagCollaborators): TagService {
  const { db } = database

  async function find(name: string): Promise<Tag | null> {
    const row = await findTag(db, name)
    const count = await links.count(name)
    return row === null && count === 0 ? null : { name, color: row?.color ?? null, links: count }
  }

  /** `path` is the field to blame. */
  async function get(name: string, path?: string): Promise<Tag> {
    const tag = await find(name)
    if (tag === null) throw tagUnknown(name, path)
    return tag
  }

  /** Deletes a tag that was taken off all links; `into` is the tag that they got instead. */
  async function drop(tag: Tag, into?: string): Promise<void> {
    await database.transaction(async () => {
      await lockTags(db)
      await deleteTag(db, tag.name)
      const entry = { resource: 'tag', id: tag.name, before: valuesOf(tag) }
      await audit([
        into === undefined
          ? { ...entry, action: 'deleted' }
          : { ...entry, action: 'merged', after: { name: into } }
      ])
    })
  }

  return {
    async list(caller, query) {
      const { page, perPage } = pageWindow(query)
      const owner = onlyOwnerOf(caller)
      const read = {
        counts: links.countsOf(owner),
        withUnused: owner === undefined,
        part: query.q === undefined ? undefined : toTagName(query.q),
        limit: perPage,
        skip: (page - 1) * perPage
      }
      return database.readStale((on) => listTags(on, read))
    },

    async create({ name: given, color = null }) {
      const name = toTagName(given)
      return database.transaction(async () => {
        await lockTags(db)
        if ((await find(name)) !== null) throw tagTaken(name)
        await storeTag(db, name, color)
        await audit([{ action: 'created', resource: 'tag', id: name, after: { name, color } }])
        return { name, color, links: 0 }
      })
    },

    async change(given, { name: wanted = given, color }) {
      const [name, newName] = [toTagName(given), toTagName(wanted)]
      const changed = await database.transaction(async () => {
        await lockTags(db)
        const old = await get(name)
        if (newName !== name && (await find(newName)) !== null) throw tagTaken(newName)
        const changed = { ...old, name: newName, color: color === undefined ? old.color : color }
        if (changed.name === old.name && changed.color === old.color) return old
        if (newName !== name) await deleteTag(db, name)
        await storeTag(db, newName, changed.color)
        await audit([
          { action: 'updated', resource: 'tag', id: name, before: valuesOf(old), after: valuesOf(changed) }
        ])
        return changed
      })
      if (newName !== name) await links.replace(name, newName)
      return changed
    },

    async merge(given, wanted) {
      const [name, into] = [toTagName(given), toTagName(wanted)]
      const tag = await get(name)
      if (name === into) throw mergedIntoItself()
      await get(into, 'into')
      await links.replace(name, into)
      await drop(tag, into)
      return get(into)
    },

    async remove(given) {
      const tag = await get(toTagName(given))
      await links.replace(tag.name, null)
      await drop(tag)
    }
  }
}

/** What the audit log records of a tag. */
const valuesOf = ({ name, color }: Tag) => ({ name, color })
