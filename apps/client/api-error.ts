import type { Problem } from '#schema/shapes/problem.ts'

/** An invalid field: its dotted path in the body or query, and the reason. */
export type FieldError = NonNullable<Problem['errors']>[number]

export interface ApiErrorFields {
  code: string
  status: number
  title: string
  detail: string
  errors?: FieldError[] | undefined
  requestId?: string | null
  retryAfter?: number | null
}

/** The codes of failures without a problem of the server; {@link ApiError} has the server's codes too. */
export type FailureCode = 'UNREACHABLE' | 'TIMED_OUT' | 'REDIRECTED' | 'ANSWER_UNREADABLE'

/**
 * A failed call: the server's problem (RFC 9457), or why there is no answer. An aborted call throws
 * the reason of its signal instead.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The problem's code, such as `URL_CODE_TAKEN`, or a {@link FailureCode}. */
  readonly code: string
  /** The HTTP status; 0 if the server did not answer. */
  readonly status: number
  /** The same text for each error with this code. */
  readonly title: string
  /** What happened and what to do; also the `message`. */
  readonly detail: string
  /** The invalid fields. */
  readonly errors: readonly FieldError[]
  readonly requestId: string | null
  /** Seconds until a retry makes sense. */
  readonly retryAfter: number | null

  constructor(fields: ApiErrorFields, options?: ErrorOptions) {
    super(fields.detail, options)
    this.code = fields.code
    this.status = fields.status
    this.title = fields.title
    this.detail = fields.detail
    this.errors = fields.errors ?? []
    this.requestId = fields.requestId ?? null
    this.retryAfter = fields.retryAfter ?? null
  }
}
