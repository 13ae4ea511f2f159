import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { pageHeaders } from '#platform/http/paging.ts'
import { IdempotencyHeaders } from '#schema/shapes/idempotency.ts'
import { pageOf, pageWindow } from '#schema/shapes/page.ts'
import { Tag, TagChange, TagDraft, TagMerge, TagParams, TagQuery } from '#schema/shapes/tag.ts'
import { Type } from '#schema/shapes/type.ts'

/**
 * `/api/tags`: thin handlers over `app.tags`. Changes affect all links, so they need a scope of
 * administrators.
 */
export const tagRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['tags']

  app.get(
    '/api/tags',
    {
      config: { access: 'urls:read' },
      schema: {
        tags,
        operationId: 'listTags',
        summary: 'List the tags by name, with their numbers of links',
        description: 'A caller that is limited to its own links sees the tags of these.',
        querystring: TagQuery,
        response: { 200: pageOf(Tag) }
      }
    },
    async function onList(request, reply) {
      const { caller, query } = request
      const { rows, total } = await app.tags.list(caller, query)
      pageHeaders(request, reply, pageWindow(query), total)
      return rows
    }
  )

  app.post(
    '/api/tags',
    {
      config: { access: 'tags:write', idempotency: 'kept' },
      schema: {
        tags,
        operationId: 'createTag',
        summary: 'Create a tag before a link has it; links create their tags themselves',
        headers: IdempotencyHeaders,
        body: TagDraft,
        response: { 201: Tag },
        problems: ['TAG_TAKEN']
      }
    },
    async function onCreate(request, reply) {
      return app.idempotency.once(request, reply, 201, () => app.tags.create(request.body))
    }
  )

  app.patch(
    '/api/tags/:name',
    {
      config: { access: 'tags:write' },
      schema: {
        tags,
        operationId: 'changeTag',
        summary: 'Rename a tag on all links, or set its colour',
        params: TagParams,
        body: TagChange,
        response: { 200: Tag },
        problems: ['TAG_UNKNOWN', 'TAG_TAKEN']
      }
    },
    async function onChange({ params, body }) {
      return app.tags.change(params.name, body)
    }
  )

  app.post(
    '/api/tags/:name/merge',
    {
      config: { access: 'tags:write' },
      schema: {
        tags,
        operationId: 'mergeTag',
        summary: 'Give all links with this tag another one instead, and delete it',
        description: 'The answer is the other tag. Repeating a request that was interrupted completes it.',
        params: TagParams,
        body: TagMerge,
        response: { 200: Tag },
        problems: ['TAG_UNKNOWN']
      }
    },
    async function onMerge({ params, body }) {
      return app.tags.merge(params.name, body.into)
    }
  )

  app.delete(
    '/api/tags/:name',
    {
      config: { access: 'tags:write' },
      schema: {
        tags,
        operationId: 'deleteTag',
        summary: 'Take a tag off all links, and delete it',
        params: TagParams,
        response: { 204: Type.Null() },
        problems: ['TAG_UNKNOWN']
      }
    },
    async function onRemove({ params }, reply) {
      await app.tags.remove(params.name)
      reply.code(204)
      return null
    }
  )
}
