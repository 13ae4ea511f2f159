import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Version } from '#platform/http/conditional.ts'
import { presentProblem, splitFailures } from '#platform/http/errors.ts'
import { warnOfIgnored } from '#platform/http/ignored-fields.ts'
import { addressOf } from '#platform/http/own-address.ts'
import { ProblemError } from '#platform/problem/problem.ts'
import { Url, UrlChange } from '#schema/shapes/url.ts'
import {
  MAX_BULK,
  UrlBulkChange,
  UrlBulkRemoval,
  type UrlBulkResult,
  UrlBulkResults
} from '#schema/shapes/url-bulk.ts'

import { idRepeated, versionDiffers } from './errors.ts'

const TAKEN = ['id', 'version', ...Object.keys(UrlChange.properties)]

/**
 * `PATCH` and `DELETE /api/links/bulk`: each item obeys the rules of the route of one link and has a result.
 * Takes the public address of this server, if configured.
 */
export const urlBulkRoutes: FastifyPluginAsyncTypebox<{ publicUrl: string | undefined }> = async (
  app,
  options
) => {
  const baseUrl = (request: FastifyRequest) => options.publicUrl ?? addressOf(request)

  const bulk = {
    // Items with invalid fields get a result like other refused items.
    attachValidation: true,
    // A repeated change sets the same values, and a removed link is unknown.
    config: { access: 'urls:write', idempotency: 'nature', limit: 'bulk' },
    schema: { tags: ['urls'], response: { 200: UrlBulkResults } }
  } as const
  const results = `The answer is 200 with a result for each of up to ${MAX_BULK.toLocaleString('en')} items, in their order.`
  const alike =
    'A refused item does not affect the others. An id that occurs twice is 422, and nothing changes.'

  /** Runs `work` on the items that are valid, and returns the results of all in the order of the items. */
  async function answer<Item extends { id: number }, Done>(
    request: FastifyRequest & { body: { items: Item[] } },
    work: (items: Item[]) => Promise<(Done | ProblemError)[]>,
    present: (done: Done, item: Item) => Omit<UrlBulkResult, 'id'>
  ): Promise<{ results: UrlBulkResult[] }> {
    // The body may be anything until this returns.
    const invalid = splitFailures(request, 'items')
    const { items } = request.body
    refuseRepeated(items)
    const done = await work(items.filter((_, at) => !invalid.has(at)))
    let next = 0
    return {
      results: items.map((item, at) => {
        const result = invalid.get(at) ?? (done[next++] as Done | ProblemError)
        if (!(result instanceof ProblemError)) return { id: item.id, ...present(result, item) }
        const problem = presentProblem(result, request.url, request.id, app.publicPath)
        return { id: item.id, status: result.statusCode, problem }
      })
    }
  }

  app.patch(
    '/api/links/bulk',
    {
      ...bulk,
      schema: {
        ...bulk.schema,
        operationId: 'changeUrls',
        summary: 'Change many urls',
        description: `Each item has the id of a url and the fields to set. ${results} ${alike}`,
        body: UrlBulkChange,
        problems: [
          'URL_UNKNOWN',
          'PRECONDITION_FAILED',
          'URL_TARGET_REFUSED',
          'URL_CODE_TAKEN',
          'URL_CODE_RESERVED',
          'URL_TRANSFER_REFUSED',
          'USER_UNKNOWN'
        ]
      }
    },
    async function onChange(request) {
      const base = baseUrl(request)
      return answer(
        request,
        (items) =>
          app.urls.changeAll(
            request.caller,
            items.map(({ id, version, ...change }) => ({ ...conditional(id, version), change })),
            { here: addressOf(request) }
          ),
        ({ before, after }, item) => {
          const present = item.original_url === undefined ? app.urls.present : app.urls.presentSet
          const url = present(after, base)
          const known = { taken: TAKEN, shown: Url.properties }
          const ignored = warnOfIgnored(item, { ...known, answer: url, old: app.urls.present(before, base) })
          const warnings = [...(url.warnings ?? []), ...ignored]
          return {
            status: 200,
            version: after.version,
            url: { ...url, ...(warnings.length > 0 && { warnings }) }
          }
        }
      )
    }
  )

  app.delete(
    '/api/links/bulk',
    {
      ...bulk,
      schema: {
        ...bulk.schema,
        operationId: 'deleteUrls',
        summary: 'Delete many urls; their events stay',
        description: `${results} ${alike}`,
        body: UrlBulkRemoval,
        problems: ['URL_UNKNOWN', 'PRECONDITION_FAILED']
      }
    },
    async function onDelete(request) {
      return answer(
        request,
        (items) =>
          app.urls.removeAll(
            request.caller,
            items.map(({ id, version }) => conditional(id, version)),
            request.body.reason ?? 'user_requested'
          ),
        () => ({ status: 204 })
      )
    }
  )
}

/** A link of the request, with the version that the client knows. */
function conditional(id: number, wanted: number | undefined) {
  if (wanted === undefined) return { id }
  return {
    id,
    precondition(version: Version) {
      if (version !== wanted) throw versionDiffers(id, wanted, version)
    }
  }
}

function refuseRepeated(items: readonly { id: number }[]): void {
  const first = new Map<number, number>()
  for (const [at, { id }] of items.entries()) {
    const earlier = first.get(id)
    if (earlier !== undefined) throw idRepeated(at, earlier)
    first.set(id, at)
  }
}
