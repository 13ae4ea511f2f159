import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { User } from './launch.ts'

/**
 * Creates a folder for temporary files that belongs to `user`, and that other users can pass through. It is
 * removed with the test, if there is one.
 */
export async function makeFolder(t: Test | null, user: User | null = null): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'))
  await chmod(folder, 0o755)
  if (user) await chown(folder, user.uid, user.gid)
  t?.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}
