import { join } from 'node:path'
import { accepts, answers, answersPing, answersQuery } from './answers.ts'
import type { Command } from './launch.ts'
import type { Postgres } from './postgres-programs.ts'
import { need } from './programs.ts'

/** How the servers around Fairlead start, end and show that they are ready, for tests and the stack. */

export interface Program extends Omit<Command, 'logFile' | 'folder'> {
  url: string
  /** The signal for a clean end. */
  stopSignal: NodeJS.Signals
  /** True if it answers; called repeatedly at a start. */
  isReady(): Promise<boolean>
}

/** A Redis with its data in `folder`; `args` may begin with a configuration file. */
export function redisProgram(port: number, folder: string, args: string[] = []): Program {
  return {
    url: `redis://127.0.0.1:${port}/0`,
    command: need('redis-server', 'valkey-server'),
    args: [...args, '--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder],
    stopSignal: 'SIGTERM',
    isReady: () => answersPing(port)
  }
}

/** A PostgreSQL on the cluster in `data`, on TCP only; `settings` are those of postgresql.conf. */
export function postgresProgram(
  postgres: Postgres,
  { data, port, superuser }: { data: string; port: number; superuser: string },
  settings: Record<string, string | number>
): Program {
  const all = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [command, args] = postgres.command('postgres', ['-D', data, ...options])
  const url = `postgres://${superuser}@127.0.0.1:${port}/postgres`
  return {
    url,
    command,
    args,
    user: postgres.user,
    ...(postgres.env && { env: postgres.env }),
    stopSignal: 'SIGINT',
    isReady: () => answersQuery(url)
  }
}

/** An nginx with the `nginx.conf` of `folder`. */
export function nginxProgram(port: number, folder: string): Program {
  return {
    url: `http://127.0.0.1:${port}`,
    command: need('nginx'),
    args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;'],
    stopSignal: 'SIGQUIT',
    isReady: () => accepts(port)
  }
}

/** A Prometheus with the `prometheus.yml` of `folder`. */
export function prometheusProgram(port: number, folder: string): Program {
  return watcherProgram(port, need('prometheus'), [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`
  ])
}

/** An Alertmanager with the `alertmanager.yml` of `folder`, without a cluster. */
export function alertmanagerProgram(port: number, folder: string): Program {
  return watcherProgram(port, need('prometheus-alertmanager'), [
    `--config.file=${join(folder, 'alertmanager.yml')}`,
    `--storage.path=${join(folder, 'data')}`,
    '--cluster.listen-address='
  ])
}

function watcherProgram(port: number, command: string, args: string[]): Program {
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    command,
    args: [...args, `--web.listen-address=127.0.0.1:${port}`],
    stopSignal: 'SIGTERM',
    isReady: () => answers(`${url}/-/ready`)
  }
}
