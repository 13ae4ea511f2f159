import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sendPage } from '#platform/http/paging.ts'
import { IdParams } from '#schema/shapes/id-params.ts'
import { IdempotencyHeaders } from '#schema/shapes/idempotency.ts'
import { listOf } from '#schema/shapes/list.ts'
import { pageWindow } from '#schema/shapes/page.ts'
import { Flag, isTrue } from '#schema/shapes/text.ts'
import { Type } from '#schema/shapes/type.ts'
import { User, UserChange, UserDraft, UserQuery } from '#schema/shapes/user.ts'
import { withVersion } from './present.ts'

/** `/users`: thin handlers over `app.users`. */
export const userRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['users']

  app.get(
    '/users',
    {
      config: { access: 'users:read' },
      schema: {
        tags,
        operationId: 'listUsers',
        summary: 'List users',
        querystring: UserQuery,
        response: { 200: listOf(User) }
      }
    },
    async function onList(request, reply) {
      return sendPage(
        request,
        reply,
        pageWindow(request.query),
        await app.users.list(request.caller, request.query)
      )
    }
  )

  app.get(
    '/users/:id',
    {
      config: { access: 'users:read', entityTag: 'checked' },
      schema: {
        tags,
        operationId: 'getUser',
        summary: 'Read a user',
        params: IdParams,
        response: { 200: User },
        problems: ['USER_UNKNOWN']
      }
    },
    async function onGet(request) {
      return withVersion(await app.users.get(request.caller, request.params.id))
    }
  )

  app.post(
    '/users',
    {
      config: {
        access: 'users:write',
        idempotency: 'kept',
        limit: 'create',
        location: '/users/:id',
        entityTag: 'sent'
      },
      schema: {
        tags,
        operationId: 'createUser',
        summary: 'Create a user',
        headers: IdempotencyHeaders,
        body: UserDraft,
        response: { 201: User },
        problems: ['USER_TAKEN']
      }
    },
    async function onCreate(request, reply) {
      const create = () => app.users.create(request.body)
      return withVersion(await app.idempotency.once(request, reply, 201, create))
    }
  )

  app.put(
    '/users/:id',
    {
      config: { access: 'users:write', entityTag: 'checked' },
      schema: {
        tags,
        operationId: 'changeUser',
        summary: 'Change a user',
        params: IdParams,
        body: UserChange,
        response: { 200: User },
        problems: ['USER_UNKNOWN', 'USER_TAKEN']
      }
    },
    async function onChange(request) {
      return withVersion(await app.users.change(request.params.id, request.body, request.precondition))
    }
  )

  app.delete(
    '/users/:id',
    {
      config: { access: 'users:write', entityTag: 'checked' },
      schema: {
        tags,
        operationId: 'deleteUser',
        summary: 'Delete a user; its urls stay without owner, or go too with cascade',
        params: IdParams,
        querystring: Type.Object({ cascade: Type.Optional(Flag) }),
        response: { 204: Type.Null() },
        problems: ['USER_UNKNOWN']
      }
    },
    async function onDelete(request, reply) {
      const cascade = isTrue(request.query.cascade ?? 'false')
      await app.users.remove(request.params.id, { cascade, precondition: request.precondition })
      reply.code(204)
      return null
    }
  )
  app.post(
    '/users/:id/erasure',
    {
      config: { access: 'users:write', idempotency: 'nature' },
      schema: {
        tags,
        operationId: 'eraseUser',
        summary: 'Erase a user, its links and what it said of them',
        description:
          'Codes stay taken, clicks stay counted, and the audit log keeps the ids of authors and resources. It works after the user was deleted too. It can not be undone.',
        params: IdParams,
        response: { 204: Type.Null() },
        problems: ['USER_UNKNOWN']
      }
    },
    async function onErase(request, reply) {
      await app.users.erase(request.params.id)
      reply.code(204)
      return null
    }
  )
}
