import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parse, stringify } from 'yaml'
import { findCommand } from '#testing/programs.ts'
import { findPort, makeFolder, runServer } from '#testing/server-process.ts'

/** Alertmanager with the shipped configuration, for tests. */

interface Route {
  group_wait: string
  group_interval: string
  routes?: Route[]
}

export interface Alert {
  labels: Record<string, string>
  endsAt?: string
}

/** Creates a folder with the shipped configuration. `edit` changes its text and `change` its routes. */
export async function configure(
  t: Test,
  edit: (config: string) => string,
  change = (route: Route) => route
): Promise<string> {
  const folder = await makeFolder('alertmanager', null)
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(import.meta.dirname, folder, { recursive: true })
  const file = join(folder, 'alertmanager.yml')
  const config = parse(edit(readFileSync(file, 'utf8')))
  writeFileSync(file, stringify({ ...config, route: change(config.route) }))
  return folder
}

/** The same routes with group delays of 1 s. */
function scaleRoute(route: Route): Route {
  return {
    ...route,
    group_wait: '1s',
    group_interval: '1s',
    ...(route.routes && { routes: route.routes.map(scaleRoute) })
  }
}

/** Starts an Alertmanager whose configuration `edit` completes. */
export async function startAlertmanager(t: Test, edit: (config: string) => string) {
  const folder = await configure(t, edit, scaleRoute)
  const port = await findPort()
  const url = `http://127.0.0.1:${port}`
  const server = await runServer({
    url,
    port,
    folder,
    command: findCommand('prometheus-alertmanager') ?? '',
    args: [
      `--config.file=${join(folder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address='
    ],
    user: null,
    stopSignal: 'SIGTERM',
    isReady: () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false
      )
  })
  t.teardown(() => server.remove())

  return {
    /** Posts alerts as Prometheus does. */
    async post(...alerts: Alert[]) {
      const annotations = {
        summary: 'It is broken',
        description: 'Of 3 replicas 2 are gone.',
        runbook_url: 'https://runbooks.example/it.md'
      }
      const body = alerts.map((alert) => ({ startsAt: '2026-01-02T10:00:00Z', annotations, ...alert }))
      const response = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body)
      })
      if (!response.ok) throw new Error(await response.text())
    }
  }
}
