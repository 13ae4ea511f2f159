import { spawnSync } from 'node:child_process'
import { appendFile, cp, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '#testing/sources.ts'

/** The parts of the tree that a server and the build of the dashboard need. */
const PARTS = [
  ...['apps', 'plugins', 'schema', 'drizzle', 'ops/dashboard'],
  ...['package.json', 'package-lock.json', 'tsconfig.base.json']
]

/**
 * Makes a release in `folder` whose dashboard has other files, built from nothing as that of an image:
 * without the files of the release before.
 */
export async function makeRelease(folder: string): Promise<void> {
  const isKept = (path: string) => !path.includes(join('apps', 'dashboard', 'dist'))
  for (const part of PARTS)
    await cp(join(ROOT, part), join(folder, part), { recursive: true, filter: isKept })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  // Text that is in every part: the names of all files change with it.
  await appendFile(join(folder, 'apps', 'dashboard', 'ui', 'icon.tsx'), '\ndocument.title += `2`\n')
  const { status, stderr } = spawnSync(process.execPath, ['ops/dashboard/main.ts', '--strict'], {
    cwd: folder,
    encoding: 'utf8',
    env: {}
  })
  if (status !== 0) throw new Error(`The release has no dashboard: ${stderr}`)
}
