import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { createBatchStore } from './batch-store.ts'
import { createKinds } from './kinds.ts'
import { createImportService, type ImportService } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    imports: ImportService
  }
}

export interface ImportOptions {
  /** Most bytes of an event's details, as JSON. */
  maxDetailsBytes: number
  /** Schemes of URLs that links may lead to, in lower case. */
  schemes: readonly string[]
}

/**
 * Whole sets in and out: publishes `app.imports`, which the command line uses too.
 *
 * The way of a file: bytes → text blocks → CSV records → rows (cells read by the columns of the kind) → batches →
 * a staging table → one merge of each batch, in SQL → the report.
 */
async function imports(app: FastifyInstance, options: ImportOptions) {
  const { maxDetailsBytes, schemes } = options
  const { client } = app.metrics
  const rows = new client.Counter({
    name: 'fairlead_imported_rows_total',
    help: 'Rows of finished imports, by what became of them',
    labelNames: ['kind', 'result'],
    registers: [client.register]
  })
  const kinds = createKinds(schemes)
  const service = createImportService(app.database, createBatchStore(app.database, app.urls), kinds, {
    blocks: app.blocklist.blocks,
    maxDetailsBytes,
    forgetUnknownCodes: () => app.cache.invalidateUnknown('links'),
    audit: (kind, { count, imported, skipped, rejected }) =>
      app.database.transaction((tx) =>
        app.audit.record(tx, [
          {
            action: 'imported',
            resource: kind,
            id: null,
            after: { count, imported, skipped, rejected }
          }
        ])
      ),
    onFinish(kind, { imported, skipped, rejected }) {
      for (const [result, count] of Object.entries({ imported, skipped, rejected })) {
        rows.labels(kind, result).inc(count)
      }
      app.log.info({ kind, imported, skipped, rejected }, 'import finished')
    }
  })
  app.decorate('imports', service)
}

export default fp(imports, {
  name: 'imports',
  dependencies: ['metrics', 'database', 'cache', 'audit', 'blocklist', 'urls'],
  fastify: '5.x'
})
