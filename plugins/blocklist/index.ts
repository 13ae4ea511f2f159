import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { repeat } from '#platform/async/repeat.ts'
import { type ListFile, openListFile } from './file.ts'
import { type BlocklistService, createBlocklistService } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    blocklist: BlocklistService
  }
}

export interface BlocklistOptions {
  /** A file with one host per line. */
  file: string | undefined
  /** How often to poll the file for changes, in milliseconds. */
  fileEveryMs?: number
  /**
   * How often to poll the database, in milliseconds, in case an invalidation from another replica gets lost.
   */
  everyMs?: number
}

/** The name of the list in invalidations. */
const NAME = 'blocklist'

/**
 * Blocked hosts, to which no link may redirect: publishes `app.blocklist`. Each process holds the list in
 * memory, so checks do no I/O. The cache's invalidation channel sends changes to all replicas. See
 * docs/adr/2026-11-25-blocked-hosts.md.
 */
async function blocklist(app: FastifyInstance, options: BlocklistOptions) {
  const { file, fileEveryMs = 2_000, everyMs = 30_000 } = options
  let list: ListFile | null = null
  const { service, compile, refresh } = createBlocklistService(app.database, {
    audit: app.audit.record,
    fileEntries: () => list?.entries ?? [],
    announce: (version) => app.cache.invalidate(NAME, [{ key: 'all', version }])
  })
  app.decorate('blocklist', service)

  let isFailing = false
  const maintain = () =>
    refresh().then(
      () => {
        isFailing = false
      },
      (error: Error) => {
        if (!isFailing) app.log.warn({ err: error }, 'refreshing the blocked hosts failed')
        isFailing = true
      }
    )
  repeat(app, everyMs, maintain)
  app.cache.onInvalidate(NAME, () => void maintain())
  if (file !== undefined) {
    list = await openListFile({
      path: file,
      everyMs: fileEveryMs,
      onChange() {
        compile()
        app.log.info({ file, entries: list?.entries.length }, 'blocked hosts file reloaded')
      },
      onProblem: (problem) =>
        app.log.warn(
          'error' in problem ? { file, err: problem.error } : { file, lines: problem.lines.slice(0, 20) },
          'blocked hosts file partly unreadable'
        )
    })
    compile()
    app.addHook('onClose', async () => list?.close())
  }
  // Load the list before the first request.
  app.addHook('onReady', maintain)
}

export default fp(blocklist, {
  name: 'blocklist',
  dependencies: ['database', 'cache', 'audit'],
  fastify: '5.x'
})
