import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { refuse } from '#apps/command-line.ts'
import { runNpm } from './npm.ts'
import { makeScratch } from './scratch.ts'

const ROOT = join(import.meta.dirname, '..')

/** Another commit of this repository, in a folder that is removed when this process ends. */
export interface Checkout {
  root: string
  /** The abbreviated hash. */
  commit: string
}

/**
 * Writes the files of commit `ref` to a temporary folder. Ends the program if git does not know the commit.
 */
export function checkOut(ref: string): Checkout {
  const commit = git('rev-parse', '--verify', '--quiet', '--short', '--end-of-options', `${ref}^{commit}`)
  if (!commit) refuse(`${ref} is no commit of this repository: name a branch, a tag or a hash`)
  const root = makeScratch('checkout')
  const command = ['-c', 'git archive "$0" | tar -x -C "$1"', commit, root]
  if (spawnSync('sh', command, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0)
    refuse(`git archive and tar could not write ${ref} to ${root}`)
  return { root, commit }
}

/** Returns a commit of the working tree without untracked files; HEAD if nothing has changed. */
export function commitOfWorkingTree(): string {
  return git('stash', 'create') || 'HEAD'
}

/** Installs the packages of `root`: as links to ours if the lockfiles are equal, else with `npm ci`. */
export async function installPackages(root: string): Promise<void> {
  const [theirs, ours] = [root, ROOT].map((folder) => readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  if (theirs === ours) return linkPackages(root)
  await runNpm(root, ['ci', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'])
}

/** Links our packages into `root`, one by one: npm in `root` would then delete links and not the packages. */
export function linkPackages(root: string): void {
  const from = join(ROOT, 'node_modules')
  const to = join(root, 'node_modules')
  mkdirSync(to)
  for (const name of readdirSync(from)) symlinkSync(join(from, name), join(to, name))
}

function git(...args: string[]): string {
  const { stdout, error } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' })
  if (error) refuse(`git is needed to read another commit: ${error.message}`)
  return stdout.trim()
}
