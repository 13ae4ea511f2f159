/**
 * Settles as `work` does, or rejects with an ETIMEDOUT error after `ms` milliseconds. Does not stop `work`.
 */
export function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((done, fail) => {
    const onTime = () => fail(Object.assign(new Error(`no answer within ${ms} ms`), { code: 'ETIMEDOUT' }))
    const timer = setTimeout(onTime, ms)
    work.then(done, fail).finally(() => clearTimeout(timer))
  })
}
