import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { toDashboard } from './board.ts'
import { boards } from './boards.ts'

/** Writes dashboards/*.json from boards/: `node ops/grafana/make-dashboards.ts`. */
for (const board of boards) {
  const file = join(import.meta.dirname, 'dashboards', `${board.uid}.json`)
  await writeFile(file, `${JSON.stringify(toDashboard(board), null, 1)}\n`)
}
