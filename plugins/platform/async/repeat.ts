import type { FastifyInstance } from 'fastify'

/**
 * Runs `work` every `everyMs` milliseconds until `app` closes: never twice at once, keeping no process alive, and the close
 * waits for what is under way. `work` tells of its failures itself and does not reject. Gives what runs it now, or joins it.
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
