import { type Codec, createJsonList } from '#platform/queue/encoder.ts'
import { clicksOf, createBatchId, decodeBatch, readVisit, toRow } from './click.ts'
import type { Click, ClickDraft, SaltProvider } from './contract.ts'
import { createVisitorNames } from './visitors.ts'

/**
 * Creates the codec of clicks. The encoder names visitors, so an IP address never leaves the process. A batch
 * must have at most 65,536 clicks: their index is the last 16 bits of their ids.
 */
export function createClickCodec(salt: SaltProvider): Codec<ClickDraft, Click> {
  const nameVisitor = createVisitorNames(salt)
  return {
    createEncoder() {
      const rows = createJsonList()
      const visits = createJsonList()
      const details: string[] = []
      let items = 0
      let isNamed = false
      return {
        get items() {
          return items
        },
        add(drafts, times) {
          const names: (string | null)[] = []
          rows.add(
            drafts.map((draft, place) => {
              const at = times[place] as number
              if (draft.details !== undefined)
                details.push(`"${items + place}":${JSON.stringify(draft.details)}`)
              const visit = draft.visit === undefined ? null : readVisit(draft.visit, at)
              names.push(visit === null ? null : visit.name)
              isNamed ||= visit !== null
              const visitor = draft.ip === null ? null : nameVisitor(draft.ip, draft.userAgent)
              return toRow(draft, visit?.at ?? at, visitor)
            })
          )
          visits.add(names)
          items += drafts.length
        },
        seal(now) {
          const named = visits.take()
          const members = [
            `"id":"${createBatchId(now)}"`,
            `"rows":[${rows.take()}]`,
            ...(isNamed ? [`"visits":[${named}]`] : []),
            ...(details.length > 0 ? [`"details":{${details}}`] : [])
          ]
          const record = `{${members.join()}}`
          const sealed = { items, record }
          items = 0
          isNamed = false
          details.length = 0
          return sealed
        }
      }
    },
    decode: (record) => clicksOf(decodeBatch(record))
  }
}
