import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, matchesGlob, posix } from 'node:path'
import { ROOT, readText } from './sources.ts'

/**
 * Builds the file tree of an image from its Dockerfile without an engine, and runs commands in it. The base
 * image is this system's /usr with the Node of the test. `npm ci` copies the packages installed here, and
 * `apt-get` does nothing.
 */

/** The result of a Dockerfile's last stage. */
export interface Image {
  /** The image's root folder on this system. */
  readonly root: string
  readonly env: Record<string, string>
  readonly entrypoint: string[]
  readonly command: string[]
  /** The command of the HEALTHCHECK. */
  readonly healthcheck: string[]
  /** The arguments that run `command` in the tree, as the image's user. */
  enter(command: string[], options?: EnterOptions): string[]
}

export interface EnterOptions {
  /** A folder to mount on /data. The rest of the tree is then read-only, with an empty /tmp. */
  volume?: string
  /** Variables in addition to the image's own. */
  env?: Record<string, string>
}

interface Stage {
  root: string
  env: Record<string, string>
  cwd: string
  user: string
}

/** Only root may mount and change the root folder. */
export const AS_ROOT = process.getuid?.() === 0 ? [] : ['sudo', '-n']

/** Changes the root: mounts the base below it, then runs the remaining arguments there. */
const ENTER = `
root=$1 node=$2 modules=$3 volume=$4 cwd=$5 user=$6
shift 6
mount --bind "$root" "$root"
mount --rbind /usr "$root/usr"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$node" "$root/opt/base/node"
[ -z "$modules" ] || mount --bind "$modules" "$root/opt/base/node_modules"
if [ -n "$volume" ]; then
  mount --bind "$volume" "$root/data"
  mount -t tmpfs tmpfs "$root/tmp"
  mount -o remount,bind,ro "$root"
fi
exec chroot --userspec="$user" --groups= "$root" /usr/bin/env -i --chdir="$cwd" "$@"
`

/**
 * Replaces npm: `ci` copies the lockfile's packages from the installed ones, without links, as in npm's
 * archives.
 */
const NPM = `#!/usr/bin/env node
const fs = require('node:fs')
const { execFileSync } = require('node:child_process')
const [command, ...args] = process.argv.slice(2)
const omits = (kind) => args.includes('--omit=' + kind)
if (command === 'ci') {
  const wanted = Object.entries(JSON.parse(fs.readFileSync('package-lock.json', 'utf8')).packages)
    .filter(([, { dev, optional, devOptional }]) =>
      !(dev && omits('dev')) && !(optional && omits('optional')) && !(devOptional && omits('dev') && omits('optional')))
    .map(([path]) => path)
    .filter((path) => path !== '' && fs.existsSync('/opt/base/' + path))
  execFileSync('cp', ['-r', '--parents', '-t', process.cwd(), ...wanted], { cwd: '/opt/base' })
  execFileSync('find', ['node_modules', '-type', 'l', '-delete'])
}
if (command === 'sbom') console.log('{}')
`

/**
 * Builds `dockerfile` with the repository as its context, in `folder`. Throws the output of a failed
 * instruction.
 */
export function buildImage(dockerfile: string, folder: string): Image {
  const context = join(folder, 'context')
  const stages = new Map<string, Stage>()
  let stage: Stage = { root: '', env: {}, cwd: '/', user: '0:0' }
  const image = { entrypoint: [] as string[], command: [] as string[], healthcheck: [] as string[] }
  for (const [name, rest] of readInstructions(readText(dockerfile))) {
    if (name === 'FROM') {
      stage = { root: join(folder, `stage-${stages.size}`), env: {}, cwd: '/', user: '0:0' }
      stages.set(/ AS (\S+)$/.exec(rest)?.[1] ?? '', stage)
      makeBase(stage.root)
    } else if (name === 'RUN') run(enter(stage, ['sh', '-c', rest], { installs: true }))
    else if (name === 'COPY') copy(rest)
    else if (name === 'ENV') Object.assign(stage.env, Object.fromEntries(rest.split(/\s+/).map(readPair)))
    else if (name === 'USER') stage.user = rest
    else if (name === 'WORKDIR') {
      stage.cwd = posix.resolve(stage.cwd, rest)
      run([...AS_ROOT, 'mkdir', '-p', stage.root + stage.cwd])
    } else if (name === 'ENTRYPOINT') image.entrypoint = JSON.parse(rest)
    else if (name === 'CMD') image.command = JSON.parse(rest)
    else if (name === 'HEALTHCHECK') image.healthcheck = JSON.parse(rest.slice(rest.indexOf('[')))
  }

  /** COPY of files and folders; the destination is always a folder here. */
  function copy(rest: string): void {
    const words = rest.split(/\s+/)
    const from = words[0]?.startsWith('--from=') ? words.shift()?.slice(7) : undefined
    const to = stage.root + posix.resolve(stage.cwd, words.pop() ?? '')
    run([...AS_ROOT, 'mkdir', '-p', to])
    for (const word of words) {
      if (from === undefined) takeContext(word, context)
      const source = join(from === undefined ? context : (stages.get(from)?.root ?? ''), word)
      // Copies the content of a folder. Stages share their files.
      const script = 'if [ -d "$0" ]; then cp -r $2 "$0/." "$1"; else cp "$0" "$1"; fi'
      run([...AS_ROOT, 'sh', '-c', script, source, to, from === undefined ? '' : '--link'])
    }
  }

  const built = stage
  return {
    ...image,
    root: built.root,
    env: built.env,
    enter: (command, { volume = '', env = {} } = {}) =>
      enter({ ...built, env: { ...built.env, ...env } }, command, { volume })
  }
}

/** The instructions of a Dockerfile in order: name and arguments, on one line and without comments. */
function readInstructions(text: string): [string, string][] {
  const lines = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n\s*/g, '')
  return [...lines.matchAll(/^([A-Z]+) (.*)$/gm)].map(([, name = '', rest = '']) => [name, rest.trim()])
}

function readPair(text: string): [string, string] {
  const at = text.indexOf('=')
  return [text.slice(0, at), text.slice(at + 1)]
}

/** Creates the folders of the base image that are outside this system's /usr. */
function makeBase(root: string): void {
  for (const name of ['usr', 'dev', 'proc', 'tmp', 'etc', 'opt/base/node_modules'])
    mkdirSync(join(root, name), { recursive: true })
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n')
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
  writeFileSync(join(root, 'opt/base/node'), '')
  writeFileSync(join(root, 'opt/base/npm'), NPM, { mode: 0o755 })
  writeFileSync(join(root, 'opt/base/apt-get'), '#!/bin/sh\n', { mode: 0o755 })
  // /bin and its like are links into /usr.
  run(['sh', '-c', 'for one in /bin /sbin /lib /lib64; do [ ! -L $one ] || cp -P $one "$0"; done', root])
}

/** Copies `path` into the context, except for the matches of .dockerignore. */
function takeContext(path: string, context: string): void {
  const rules = readText('.dockerignore').trim().split('\n')
  // The last rule that matches a path, or a folder above it, applies.
  const isIgnored = (file: string) => {
    const parents = file.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))
    const rule = rules.findLast((one) => parents.some((parent) => matchesGlob(parent, one.replace(/^!/, ''))))
    return rule !== undefined && !rule.startsWith('!')
  }
  cpSync(join(ROOT, path), join(context, path), {
    recursive: true,
    filter: (from) => !isIgnored(from.slice(ROOT.length + 1))
  })
}

/** The arguments that run `command` in a root. `installs` mounts the installed packages there. */
function enter(
  { root, env, cwd, user }: Stage,
  command: string[],
  { volume = '', installs = false } = {}
): string[] {
  const all = { PATH: '/opt/base:/usr/local/bin:/usr/bin:/usr/sbin', ...env }
  const variables = Object.entries(all).map(([name, value]) => `${name}=${value}`)
  const modules = installs ? join(ROOT, 'node_modules') : ''
  return [
    ...[...AS_ROOT, 'unshare', '--mount', '--propagation', 'private', 'sh', '-ec', ENTER, 'sh'],
    ...[root, process.execPath, modules, volume, cwd, user, ...variables, ...command]
  ]
}

function run([program = '', ...args]: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')}: ${error?.message ?? stdout + stderr}`)
}

/** The processes that run in the image's tree. */
export function listProcesses({ root }: Image): number[] {
  const args = ['/proc', '-maxdepth', '2', '-path', '/proc/[0-9]*/root', '-lname', root, '-printf', '%h\n']
  const [program = '', ...more] = [...AS_ROOT, 'find', ...args]
  const { stdout } = spawnSync(program, more, { encoding: 'utf8' })
  return [...stdout.matchAll(/\d+/g)].map(([pid]) => Number(pid))
}
