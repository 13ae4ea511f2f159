import type { FastifyInstance } from 'fastify'

/**
 * Runs `work` every `everyMs` milliseconds until `app` closes, and never twice at once. The timer does not
 * keep the process alive, and closing waits for a running `work`. `work` must handle its own errors and not
 * reject. Returns a function that runs it now, or joins the current run.
 */
export function repeat(
  app: FastifyInstance,
  everyMs: number,
  work: () => Promise<void>
): () => Promise<void> {
  let working: Promise<void> | null = null
  function run(): Promise<void> {
    working ??= work().finally(() => {
      working = null
    })
    return working
  }
  const timer = setInterval(run, everyMs)
  timer.unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await working
  })
  return run
}
