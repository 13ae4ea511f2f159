import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { findCommand } from '#testing/programs.ts'

/**
 * Debian's packages of the stack's programs, and of faketime, which ops/chaos uses to shift a clock; each
 * with one of its programs.
 */
export const PACKAGES: Record<string, string> = {
  faketime: 'faketime',
  nginx: 'nginx',
  postgresql: 'postgres',
  'redis-server': 'redis-server',
  prometheus: 'prometheus',
  'prometheus-alertmanager': 'prometheus-alertmanager',
  'prometheus-nginx-exporter': 'prometheus-nginx-exporter',
  'prometheus-node-exporter': 'prometheus-node-exporter',
  'prometheus-postgres-exporter': 'prometheus-postgres-exporter',
  'prometheus-redis-exporter': 'prometheus-redis-exporter'
}

/** The properties of the machine; tests replace them. */
export interface Machine {
  has(command: string): boolean
  isRoot: boolean
  /** The file that keeps apt from starting services at installation (Debian policy, 9.3.3.1). */
  policy: string
  log(text: string): void
}

const HERE: Machine = {
  has: (command) => findCommand(command) !== null,
  isRoot: process.getuid?.() === 0,
  policy: '/usr/sbin/policy-rc.d',
  log: (text) => process.stdout.write(`${text}\n`)
}

/** Installs the missing packages on Debian or Ubuntu; their own services stay off. Throws if it can't. */
export async function provision({ has, isRoot, policy, log }: Machine = HERE): Promise<void> {
  const missing = Object.entries(PACKAGES).flatMap(([name, command]) => (has(command) ? [] : [name]))
  if (missing.length === 0) return log('All programs of the stack are installed')
  if (spawnSync('apt-get', ['--version']).status !== 0)
    throw new Error(
      `apt-get is missing: install ${missing.join(', ')} with the package manager of this system`
    )
  if (!isRoot) throw new Error('Installing packages takes root: sudo npm run stack -- --provision')
  log(`Installing ${missing.join(', ')}`)
  // A machine with its own policy keeps it.
  const isOurs = !existsSync(policy)
  if (isOurs) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    for (const args of [
      ['update', '-q'],
      ['install', '-y', '-q', '--no-install-recommends', ...missing]
    ]) {
      const command = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]
      const { status } = spawnSync('env', command, { stdio: ['ignore', 'inherit', 'inherit'] })
      if (status !== 0) throw new Error(`apt-get ${args[0]} ended with ${status}`)
    }
  } finally {
    if (isOurs) await rm(policy, { force: true })
  }
  log('All programs of the stack are installed')
}
