import type { FastifyInstance } from 'fastify'
import manifest from '#package.json' with { type: 'json' }
import { openBackup, writeBackup } from '#platform/backup/folder.ts'
import { loadContent } from '#platform/backup/load.ts'
import { readSnapshot, type TransferOptions, withConnection } from '#platform/backup/snapshot.ts'
import type { Command, CommandContext } from './command.ts'
import { withApp } from './open-app.ts'

/** Longest wait for acknowledged clicks that are not stored yet. */
const CLICKS_TIMEOUT_MS = 60_000

/** Stores the clicks acknowledged so far, in all processes; false if that takes more than 60 s. */
export function storeClicks(app: FastifyInstance): Promise<boolean> {
  return app.clicks.settle(CLICKS_TIMEOUT_MS, { others: true })
}

export function transferOptions({ signal, output }: CommandContext): TransferOptions {
  return {
    signal,
    onTable: (name, rows) => output.print(`${name}: ${rows.toLocaleString('en')} rows`)
  }
}

/** Writes the whole database to a folder that {@link restoreCommand} loads. */
export const backupCommand: Command = {
  summary: `Writes the whole database into a new folder, also while a server runs
One file for each table as of one moment, and a manifest. The folder gets its name when it is complete.`,
  words: [{ name: 'DIR', help: 'Folder to make' }],
  interrupted: 'Stopped. Nothing was kept.',
  async run(context) {
    const [folder = ''] = context.words
    return withApp(context.env, { attach: true }, async (app) => {
      if (!(await storeClicks(app)))
        context.output.progress.write('Some clicks are not stored yet, and will not be in this backup.\n')
      await withConnection(app.database.pool.options, (client) =>
        readSnapshot(client, async (content) => {
          const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
          const made = {
            fairlead: manifest.version,
            created_at: new Date().toISOString(),
            postgres: rows[0]?.server_version ?? ''
          }
          await writeBackup(folder, content, made, transferOptions(context))
        })
      )
      context.output.print(`${folder} is complete.`)
      return 0
    })
  }
}

/** Loads a backup into an empty database. */
export const restoreCommand: Command = {
  summary: `Loads a backup into an empty database, all of it or nothing
The database is brought up to date first. Servers and workers on it must be stopped.`,
  words: [{ name: 'DIR', help: 'Folder that backup made' }],
  interrupted: 'Stopped. Nothing was changed.',
  async run(context) {
    const [folder = ''] = context.words
    const content = await openBackup(folder)
    return withApp(context.env, { installation: 'ignore' }, async (app) => {
      await withConnection(app.database.pool.options, (client) =>
        loadContent(client, content, transferOptions(context))
      )
      context.output.print(`Everything of ${folder} is in the database.`)
      return 0
    })
  }
}
