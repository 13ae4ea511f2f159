/**
 * An error of the domain. Each capability lists its problems in its `errors.ts` with {@link defineProblems}.
 * The error handler turns them into RFC 9457 responses. apps/problems.ts collects the lists.
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: string
  readonly statusCode: number
  readonly title: string
  readonly errors: readonly FieldError[] | undefined
  /** Seconds until a retry makes sense; sent as Retry-After. */
  readonly retryAfter: number | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  /** True if a 5xx status is part of normal operation, so the error is not logged separately. */
  readonly isExpected: boolean

  constructor(kind: Omit<ProblemKind, 'remedy'>, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = kind.code
    this.statusCode = kind.status
    this.title = kind.title
    this.errors = options.errors
    this.retryAfter = options.retryAfter
    this.headers = options.headers
    this.isExpected = options.isExpected ?? false
  }
}

/** An invalid field: its dotted path in the body or query, and the reason. */
export interface FieldError {
  path: string
  message: string
}

export interface ProblemOptions {
  errors?: FieldError[]
  retryAfter?: number
  /** Headers of the response. */
  headers?: Record<string, string>
  isExpected?: boolean
  cause?: unknown
}

export interface ProblemKind {
  /** Stable name that clients may branch on. */
  code: string
  status: number
  /** Short and the same for every occurrence (RFC 9457, section 3.1.3). */
  title: string
  /** What the caller can do about it. */
  remedy: string
}

/** Makes the error to throw. `detail` describes one occurrence: what happened and what to do. */
export type ProblemFactory = ((detail: string, options?: ProblemOptions) => ProblemError) & {
  kind: ProblemKind
}

/** Defines the problems of a capability: status, title and remedy by code. */
export function defineProblems<Code extends string>(
  table: Record<Code, [status: number, title: string, remedy: string]>
): Record<Code, ProblemFactory> {
  const factories = Object.entries<[number, string, string]>(table).map(([code, [status, title, remedy]]) => {
    const kind: ProblemKind = { code, status, title, remedy }
    const create = (detail: string, options?: ProblemOptions) => new ProblemError(kind, detail, options)
    return [code, Object.assign(create, { kind })]
  })
  return Object.fromEntries(factories)
}
