import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  IDEMPOTENCY_KEY_IN_USE: [
    409,
    'A request with this key is under way',
    'Send the same request again after the seconds in Retry-After to get its answer'
  ],
  IDEMPOTENCY_KEY_REUSED: [
    422,
    'The key was sent with another request',
    'Make a new Idempotency-Key for each new request'
  ],
  IDEMPOTENCY_ANSWER_ERASED: [
    410,
    'The answer to this request was erased',
    'Nothing: the request was done, and what it created was erased since'
  ],
  IDEMPOTENCY_KEY_UNSUPPORTED: [
    400,
    'This address takes no Idempotency-Key',
    'Send the request without Idempotency-Key'
  ]
})

const errors = (message: string) => [{ path: 'idempotency-key', message }]

export const keyInUse = () =>
  problems.IDEMPOTENCY_KEY_IN_USE(
    'The first request with this Idempotency-Key is not answered yet; send it again for its answer',
    {
      retryAfter: 1,
      errors: errors('is in use')
    }
  )

export const keyReused = () =>
  problems.IDEMPOTENCY_KEY_REUSED(
    'Another request had this Idempotency-Key within a day; choose a new one for each new request',
    {
      errors: errors('was sent with another request')
    }
  )

export const answerErased = () =>
  problems.IDEMPOTENCY_ANSWER_ERASED(
    'The request was done; what it made is gone with the user that it was about. Nothing is done again'
  )

export const keyUnsupported = () =>
  problems.IDEMPOTENCY_KEY_UNSUPPORTED(
    'Repeating this request is not safe, and the key would not make it so; send it without',
    {
      errors: errors('is not taken here')
    }
  )
