import { ApiError } from '#apps/client/api-error.ts'
import type { CallOptions } from '#apps/client/send.ts'

/** A record with the `ETag` of its version; null while that is unknown. */
export interface Version<Row> {
  row: Row
  etag: string | null
}

/** Reads the current version of a record through `get`, an operation of the client. */
export async function readVersion<Row>(
  get: (id: number, options: CallOptions) => Promise<Row>,
  id: number,
  signal?: AbortSignal
): Promise<Version<Row>> {
  let etag: string | null = null
  const onHeaders = (headers: Headers) => {
    etag = headers.get('etag')
  }
  return { row: await get(id, { signal, onHeaders }), etag }
}

/** The options of a change that the server refuses with 412 if the record has another version. */
export function ifUnchanged({ etag }: Version<unknown>): CallOptions {
  return etag === null ? {} : { headers: { 'if-match': etag } }
}

/** True for the error of such a change, when the record was changed meanwhile. */
export function isOutdated(error: unknown): boolean {
  return error instanceof ApiError && error.status === 412
}
