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
  /** A file with hosts, one a line. */
  file: string | undefined
  /** How often it is looked whether the file has changed, in milliseconds. */
  fileEveryMs?: number
  /** How often the database is asked, in milliseconds: the backstop behind what replicas tell one another. */
  everyMs?: number
}

/** What the list is called where changes are told. */
const NAME = 'blocklist'

/**
 * Hosts that no link may lead to: publishes `app.blocklist`. The list is held
 * in process, so that judging asks nobody; a change is told to all replicas by the channel of the cache. See
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
  // Nobody is served before it is known.
  app.addHook('onReady', maintain)
}

export default fp(blocklist, {
  name: 'blocklist',
  dependencies: ['database', 'cache', 'audit'],
  fastify: '5.x'
})
