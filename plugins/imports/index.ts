import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { createBatchStore } from './batch-store.ts'
import { createKind, type Kinds } from './kinds.ts'
import { createImportService, type ImportService } from './service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    imports: ImportService & {
      /** The kinds of rows, by name. */
      readonly kinds: Kinds
    }
  }
}

/**
 * Imports and exports whole sets: publishes `app.imports`, which the command line uses too.
 *
 * The stages of an import: bytes → text blocks → CSV records → rows (cells read by the columns of the kind) →
 * batches → a staging table → one merge of each batch, by the capability that owns the rows → the report.
 */
async function imports(app: FastifyInstance) {
  const { client } = app.metrics
  const rows = new client.Counter({
    name: 'fairlead_imported_rows_total',
    help: 'Rows of finished imports, by what became of them',
    labelNames: ['kind', 'result'],
    registers: [client.register]
  })
  const kinds = {
    users: createKind(app.users.importKind),
    urls: createKind(app.urls.importKind),
    events: createKind(app.events.importKind)
  }
  const service = createImportService(app.database, createBatchStore(app.database), kinds, {
    audit: (kind, { count, imported, skipped, rejected }) =>
      app.audit.record([
        { action: 'imported', resource: kind, id: null, after: { count, imported, skipped, rejected } }
      ]),
    onFinish(kind, { imported, skipped, rejected }) {
      for (const [result, count] of Object.entries({ imported, skipped, rejected })) {
        rows.labels(kind, result).inc(count)
      }
      app.log.info({ kind, imported, skipped, rejected }, 'import finished')
    }
  })
  app.decorate('imports', { ...service, kinds })
}

export default fp(imports, {
  name: 'imports',
  dependencies: ['metrics', 'database', 'audit', 'users', 'urls', 'events'],
  fastify: '5.x'
})
