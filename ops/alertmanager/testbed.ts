import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { scaleRoutes } from '#ops/stack/scaled-rules.ts'
import { makeFolder } from '#testing/folder.ts'
import { findPort, runServer } from '#testing/server-process.ts'
import { alertmanagerProgram } from '#testing/server-programs.ts'

/** Alertmanager with the shipped configuration, for tests. */

export interface Alert {
  labels: Record<string, string>
  endsAt?: string
}

/** Creates a folder with the shipped configuration, which `edit` completes. */
export async function configure(t: Test, edit: (config: string) => string): Promise<string> {
  const folder = await makeFolder(t)
  cpSync(import.meta.dirname, folder, { recursive: true })
  const file = join(folder, 'alertmanager.yml')
  writeFileSync(file, edit(readFileSync(file, 'utf8')))
  return folder
}

/** Starts an Alertmanager whose configuration `edit` completes, with group delays of seconds. */
export async function startAlertmanager(t: Test, edit: (config: string) => string) {
  const folder = await configure(t, (config) => scaleRoutes(edit(config)))
  const { url } = await runServer(t, alertmanagerProgram(await findPort(), folder), folder)

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
