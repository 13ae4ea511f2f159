import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A separate tmpfs as a disk that a test can fill. */
export interface SmallDisk {
  readonly path: string
  resize(megabytes: number): void
  remount(option: 'ro' | 'rw'): void
}

/** For tap's `skip` option: false if this user may mount, else the reason to skip. */
export function whyNoSmallDisk(): false | string {
  return process.platform === 'linux' && process.getuid?.() === 0 ? false : 'only root on Linux may mount'
}

/** Mounts a disk of memory at `path`, or changes a mounted one. */
export function mount(path: string, options: string): void {
  const args = ['-t', 'tmpfs', '-o', options, 'tmpfs', path]
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`mount ${path}: ${stderr}`)
}

/** Detaches the disk at `path`, even while files on it are open. */
export function unmount(path: string): void {
  spawnSync('umount', ['-l', path])
}

/** Mounts a disk; it is unmounted with the test. */
export function mountSmallDisk(t: Test, megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'fairlead-disk-'))
  mount(path, `size=${megabytes}m`)
  t.teardown(() => {
    unmount(path)
    rmSync(path, { recursive: true, force: true })
  })
  return {
    path,
    resize: (megabytes) => mount(path, `remount,size=${megabytes}m`),
    remount: (option) => mount(path, `remount,${option}`)
  }
}
