import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Creates a temporary folder that is removed when this process ends, also on Ctrl+C and SIGTERM. Returns its
 * path.
 */
export function makeScratch(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `fairlead-${name}-`))
  // A killed database may still write for a moment.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  return folder
}
