import { join } from 'node:path'
import { UsageError } from '#apps/command-line.ts'
import { loadContent } from '#platform/backup/load.ts'
import { readSnapshot, withConnection } from '#platform/backup/snapshot.ts'
import { migrate } from '#platform/database/migrations.ts'
import { storeClicks, transferOptions } from './backup.ts'
import { type Command, CommandError } from './command.ts'
import { withApp } from './open-app.ts'

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'drizzle')

/** Copies the whole database into another one, without intermediate files. */
export const moveCommand: Command = {
  summary: `Copies the whole database into another, empty one, all of it or nothing
Stop all servers first: later changes are not copied. The old database stays as it is.`,
  options: {
    to: { type: 'string', value: 'DATABASE_URL', help: 'The empty database; its tables are made' }
  },
  interrupted: 'Stopped. Nothing was copied.',
  async run(context) {
    const { to = '' } = context.options
    const url = URL.parse(to)
    if (!/^postgres(ql)?:$/.test(url?.protocol ?? ''))
      throw new UsageError('--to takes the URL of the new database, as in postgres://user@host/fairlead')
    return withApp(context.env, {}, async (app) => {
      if (!(await storeClicks(app)))
        throw new CommandError(
          'Some clicks are not stored yet. Start the server, let it store them, and try again.'
        )
      await withConnection({ connectionString: to }, async (target) => {
        await migrate(target, MIGRATIONS)
        await withConnection(app.database.pool.options, (source) =>
          readSnapshot(source, (content) => loadContent(target, content, transferOptions(context)))
        )
      })
      context.output.print(
        `Everything is in ${url?.pathname.slice(1)}. Set DATABASE_URL to it and start the server.`
      )
      return 0
    })
  }
}
