import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'

/** Debian's packages of all that the stack runs, and faketime, with which ops/chaos moves a clock. */
export const PACKAGES = [
  'faketime',
  'nginx',
  'postgresql',
  'redis-server',
  'prometheus',
  'prometheus-alertmanager',
  'prometheus-nginx-exporter',
  'prometheus-node-exporter',
  'prometheus-postgres-exporter',
  'prometheus-redis-exporter'
]

const POLICY = '/usr/sbin/policy-rc.d'

/** Installs what is missing on Debian or Ubuntu; the packages' own services stay off. Throws where it can't. */
export async function provision(): Promise<void> {
  if (spawnSync('apt-get', ['--version']).status !== 0)
    throw new Error(`There is no apt-get here: install ${PACKAGES.join(', ')} in this system's way`)
  if (process.getuid?.() !== 0)
    throw new Error('Installing packages takes root: sudo npm run stack -- --provision')
  // Whatever it says keeps services from being started (Debian policy, 9.3.3.1); a machine that has one keeps its own.
  const isOurs = !existsSync(POLICY)
  if (isOurs) await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    for (const args of [
      ['update', '-q'],
      ['install', '-y', '-q', '--no-install-recommends', ...PACKAGES]
    ]) {
      const { status } = spawnSync('apt-get', args, { stdio: 'inherit' })
      if (status !== 0) throw new Error(`apt-get ${args[0]} ended with ${status}`)
    }
  } finally {
    if (isOurs) await rm(POLICY, { force: true })
  }
}
