import { defineProblem } from '#platform/problem/problem.ts'

const inUse = defineProblem('IDEMPOTENCY_KEY_IN_USE', 409, 'A request with this key is under way')
const reused = defineProblem('IDEMPOTENCY_KEY_REUSED', 422, 'The key was sent with another request')
const erased = defineProblem('IDEMPOTENCY_ANSWER_ERASED', 410, 'The answer to this request was erased')
const unsupported = defineProblem('IDEMPOTENCY_KEY_UNSUPPORTED', 400, 'This address takes no Idempotency-Key')

const errors = (message: string) => [{ path: 'idempotency-key', message }]

export const keyInUse = () =>
  inUse('The first request with this Idempotency-Key is not answered yet; send it again for its answer', {
    retryAfter: 1,
    errors: errors('is in use')
  })

export const keyReused = () =>
  reused('Another request had this Idempotency-Key within a day; choose a new one for each new request', {
    errors: errors('was sent with another request')
  })

export const answerErased = () =>
  erased('The request was done; what it made is gone with the user that it was about. Nothing is done again')

export const keyUnsupported = () =>
  unsupported('Repeating this request is not safe, and the key would not make it so; send it without', {
    errors: errors('is not taken here')
  })
