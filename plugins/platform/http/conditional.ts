import { hash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, preSerializationHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { isSafe } from '#platform/net/methods.ts'
import { problems } from '#platform/problem/errors.ts'

/**
 * Entity tags and conditional requests (RFC 9110, sections 8.8.3 and 13). A tag consists of the version of a
 * record and of the format of its representation. Tags are strong, because If-Match never matches weak ones.
 */

/** The key of the version in a presented record. Serializers omit it. */
export const VERSION: unique symbol = Symbol('version')

/** The key of what else the representation depends on: a text without a quote. Serializers omit it. */
export const VARIANT: unique symbol = Symbol('variant')

/** Changes with every change of the record. A text has no dot. */
export type Version = number | string

/** A record in wire form with its version. */
export type Versioned<T> = T & { [VERSION]?: Version; [VARIANT]?: string }

/** Throws PRECONDITION_FAILED if a request excludes a change of the record that has this version. */
export type Precondition = (version: Version) => void

declare module 'fastify' {
  interface FastifyInstance {
    /** Hook `preSerialization`: sends `ETag`, and 304 for an unchanged record. */
    sendEntityTag: preSerializationHookHandler
  }
  interface FastifyRequest {
    /** The precondition of a write; undefined if it has none. */
    readonly precondition: Precondition | undefined
  }
  interface FastifyContextConfig {
    /**
     * `sent`: answers with a {@link VERSION} have an `ETag`. `checked`: also, If-Match and If-None-Match
     * apply. A hook checks reads. A write passes `request.precondition` to its service, which calls it in the
     * transaction that locks the record.
     */
    entityTag?: 'sent' | 'checked'
  }
}

export interface ConditionalOptions {
  /** The release, which decides the fields of a representation. */
  release: string
  /** The public address of the server, which is part of some representations. */
  publicUrl: string | undefined
}

async function conditional(app: FastifyInstance, { release, publicUrl = '' }: ConditionalOptions) {
  const format = hash('sha1', `${release} ${publicUrl}`, 'base64url').slice(0, 6)
  const tagOf = (version: Version, variant = '') => `"${version}.${format}${variant}"`

  /** The order of RFC 9110, section 13.2.2. */
  function evaluate(
    { headers, method }: FastifyRequest,
    version: Version,
    variant?: string
  ): 'passed' | 'failed' | 'unchanged' {
    const { 'if-match': wanted, 'if-none-match': known } = headers
    // Replicas of other releases have other formats of the same record, so only the version decides.
    if (wanted !== undefined && !isListed(wanted, (tag) => tag.startsWith(`"${version}.`))) return 'failed'
    if (known === undefined || !isListed(known, (tag) => tag.replace('W/', '') === tagOf(version, variant)))
      return 'passed'
    return isSafe(method) ? 'unchanged' : 'failed'
  }

  app.decorateRequest('precondition', {
    getter(this: FastifyRequest) {
      const { 'if-match': wanted, 'if-none-match': known } = this.headers
      if (wanted === undefined && known === undefined) return undefined
      return (version) => {
        if (evaluate(this, version) === 'failed') throw outdated(tagOf(version))
      }
    }
  })
  app.decorate('sendEntityTag', (request, reply, payload, done) => {
    const { entityTag } = request.routeOptions.config
    const presented = entityTag === undefined ? null : (payload as Versioned<object> | null)
    const version = presented?.[VERSION]
    if (version === undefined) return done(null, payload)
    const variant = presented?.[VARIANT]
    const etag = tagOf(version, variant)
    reply.header('etag', etag)
    // The service has evaluated the precondition of a write.
    const outcome = isSafe(request.method) ? evaluate(request, version, variant) : 'passed'
    if (outcome === 'failed') return done(outdated(etag))
    if (outcome === 'unchanged') omitBody(request, reply)
    done(null, payload)
  })
}

/** Makes an answer a 304. One to HEAD has the Content-Length of a 200 to GET (RFC 9110, section 8.6). */
function omitBody({ method }: FastifyRequest, reply: FastifyReply): void {
  const serialize = method === 'HEAD' ? reply.getSerializationFunction('200') : undefined
  reply
    .code(304)
    .removeHeader('content-type')
    .serializer(serialize ?? (() => undefined as unknown as string))
}

/** True if a list of entity tags is `*` or has a matching one. A malformed list has none. */
function isListed(list: string, matches: (tag: string) => boolean): boolean {
  return list.trim() === '*' || (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some(matches)
}

/** True if `header` (If-None-Match) lists the entity tag by weak comparison (RFC 9110, section 8.8.3.2). */
export function listsEntityTag(header: string | undefined, etag: string): boolean {
  const opaque = (tag: string) => tag.replace('W/', '')
  return header !== undefined && isListed(header, (tag) => opaque(tag) === opaque(etag))
}

const outdated = (etag: string) =>
  problems.PRECONDITION_FAILED(
    `The record was changed by another request: its entity tag is now ${etag}. Read it again and repeat the change`,
    { headers: { etag } }
  )

export default fp(conditional, { name: 'conditional', dependencies: ['errors'], fastify: '5.x' })
