import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { answers } from '#testing/answers.ts'
import { findCommand } from '#testing/programs.ts'
import { findPort } from '#testing/server-process.ts'
import { alertmanagerProgram, prometheusProgram } from '#testing/server-programs.ts'
import { ROOT } from '#testing/sources.ts'
import { type Discord, startDiscord } from './discord.ts'
import { ENVIRONMENT } from './parts.ts'
import type { NginxUnit } from './proxy.ts'
import { type Rules, SCALED_SCRAPES, scaleRoutes, scaleRules } from './scaled-rules.ts'
import type { Supervised, Unit } from './supervisor.ts'

/** The monitoring: Prometheus, Alertmanager and exporters, configured by the files in ops/. */

export interface Watchers {
  readonly prometheusUrl: string
  readonly alertmanagerUrl: string
  /** The receiver of alerts. */
  readonly discord: Discord
  start(): Promise<void>
  close(): Promise<void>
}

interface Watched {
  replicas: readonly Supervised[]
  worker: Supervised
  postgres: Unit
  redis: Unit
  proxy: NginxUnit
  /** True if alert times are seconds instead of minutes. */
  isScaled: boolean
}

interface PrometheusConfig {
  global: object
  rule_files: string[]
  alerting: { alertmanagers: object[] }
  scrape_configs: { job_name: string; static_configs?: object[]; dns_sd_configs?: object[] }[]
}

/** The placeholder in ops/alertmanager/alertmanager.yml for the channel's webhook address. */
const WEBHOOK = 'DISCORD_WEBHOOK_URL'

const OPS = join(ROOT, 'ops')

/** Adds the watchers. Without an installed exporter, its targets are missing. */
export async function addWatchers(
  folder: string,
  add: (unit: Unit) => Supervised,
  watched: Watched
): Promise<Watchers> {
  const discord = await startDiscord()
  const exporters = await makeExporters(watched)
  const [prometheusPort, alertmanagerPort] = [await findPort(), await findPort()]
  const targets: Record<string, string[]> = {
    fairlead: watched.replicas.map(({ unit }) => hostOf(unit.url)),
    'fairlead-worker': [hostOf(watched.worker.unit.url)],
    prometheus: [`127.0.0.1:${prometheusPort}`],
    alertmanager: [`127.0.0.1:${alertmanagerPort}`],
    ...Object.fromEntries(exporters.map(({ job, unit }) => [job, [hostOf(unit.url)]]))
  }
  const { isScaled } = watched
  const alertmanager = await makeAlertmanager(folder, alertmanagerPort, discord.webhookUrl, isScaled)
  const prometheus = await makePrometheus(folder, prometheusPort, alertmanagerPort, targets, isScaled)
  const all = [...exporters.map(({ unit }) => unit), alertmanager, prometheus].map(add)
  return {
    prometheusUrl: prometheus.url,
    alertmanagerUrl: alertmanager.url,
    discord,
    async start() {
      await Promise.all(all.map((unit) => unit.start()))
    },
    close: () => discord.close()
  }
}

/** The shipped configuration with the addresses of this stack. Keeps only the jobs that have targets here. */
async function makePrometheus(
  folder: string,
  port: number,
  alertmanagerPort: number,
  targets: Record<string, string[]>,
  isScaled: boolean
): Promise<Unit> {
  const home = join(folder, 'prometheus')
  await mkdir(home, { recursive: true })
  const config = parse(await readFile(join(OPS, 'prometheus', 'prometheus.yml'), 'utf8')) as PrometheusConfig
  config.rule_files = [join(await copyRules(home, isScaled), '*.yml')]
  if (isScaled) config.global = { ...config.global, ...SCALED_SCRAPES, evaluation_interval: '2s' }
  config.alerting.alertmanagers = [{ static_configs: [{ targets: [`127.0.0.1:${alertmanagerPort}`] }] }]
  const known = new Map(config.scrape_configs.map(({ dns_sd_configs: _dns, ...job }) => [job.job_name, job]))
  config.scrape_configs = Object.entries(targets).map(([job_name, own]) => ({
    ...(known.get(job_name) ?? { job_name }),
    ...(isScaled && SCALED_SCRAPES),
    static_configs: [{ targets: own }]
  }))
  await writeFile(join(home, 'prometheus.yml'), stringify(config))
  return { ...prometheusProgram(port, home), name: 'prometheus' }
}

/**
 * Copies the shipped rules. Rules over months run as often as the others, because a stack lives for minutes.
 */
async function copyRules(home: string, isScaled: boolean): Promise<string> {
  const [from, to] = [join(OPS, 'prometheus', 'rules'), join(home, 'rules')]
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from)) {
    const rules = parse(await readFile(join(from, name), 'utf8')) as Rules
    for (const group of rules.groups) if (isScaled || /m$/.test(group.interval ?? '')) delete group.interval
    await writeFile(join(to, name), stringify(isScaled ? scaleRules(rules) : rules))
  }
  return to
}

async function makeAlertmanager(
  folder: string,
  port: number,
  webhookUrl: string,
  isScaled: boolean
): Promise<Unit> {
  const home = join(folder, 'alertmanager')
  await rm(home, { recursive: true, force: true })
  await cp(join(OPS, 'alertmanager'), home, { recursive: true })
  const file = join(home, 'alertmanager.yml')
  const text = (await readFile(file, 'utf8')).replaceAll(WEBHOOK, webhookUrl)
  await writeFile(file, isScaled ? scaleRoutes(text) : text)
  return { ...alertmanagerProgram(port, home), name: 'alertmanager' }
}

/** The installed exporters, each with the name of its job. */
async function makeExporters({ postgres, redis, proxy }: Watched): Promise<{ job: string; unit: Unit }[]> {
  const known: Record<string, { args: string[]; env?: Record<string, string> }> = {
    postgres: {
      args: [],
      env: { ...ENVIRONMENT, DATA_SOURCE_NAME: `${postgres.url}?sslmode=disable` }
    },
    redis: { args: [`-redis.addr=${redis.url}`] },
    nginx: { args: [`-nginx.scrape-uri=${proxy.statusUrl}`] },
    node: { args: [] }
  }
  const found: { job: string; unit: Unit }[] = []
  for (const [job, { args, env }] of Object.entries(known)) {
    const command = findCommand(`prometheus-${job}-exporter`)
    if (command === null || !existsSync(command)) continue
    const port = await findPort()
    const url = `http://127.0.0.1:${port}`
    const dashes = job === 'redis' || job === 'nginx' ? '-' : '--'
    found.push({
      job,
      unit: {
        name: `${job}-exporter`,
        url,
        command,
        args: [`${dashes}web.listen-address=127.0.0.1:${port}`, ...args],
        ...(env && { env }),
        stopSignal: 'SIGTERM',
        isReady: () => answers(`${url}/metrics`)
      }
    })
  }
  return found
}

function hostOf(url: string): string {
  return new URL(url).host
}
