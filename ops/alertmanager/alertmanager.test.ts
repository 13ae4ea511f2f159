import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startDiscord } from '#ops/stack/discord.ts'
import { missing } from '#testing/programs.ts'
import { until } from '#testing/until.ts'
import { configure, startAlertmanager } from './testbed.ts'

/**
 * Tests the alert routes with amtool, and the whole path once: from an alert to the message in the channel.
 */

const skip = missing('amtool') || missing('prometheus-alertmanager')

const completeWith = (webhookUrl: string) => (config: string) =>
  config.replaceAll('DISCORD_WEBHOOK_URL', webhookUrl)

const complete = completeWith('https://discord.example/api/webhooks/1/secret')

function amtool(...args: string[]): string {
  return execFileSync('amtool', args, { encoding: 'utf8' }).trim()
}

t.test('Alertmanager takes its configuration', { skip }, async (t) => {
  const folder = await configure(t, complete)
  t.match(amtool('check-config', join(folder, 'alertmanager.yml')), 'SUCCESS')
})

t.test('pages, tickets and the watchdog reach their receivers', { skip }, async (t) => {
  const folder = await configure(t, complete)
  const route = (...labels: string[]) =>
    amtool('config', 'routes', 'test', `--config.file=${join(folder, 'alertmanager.yml')}`, ...labels)
  t.equal(route('alertname=FairleadDown', 'severity=page'), 'pages')
  t.equal(route('alertname=ReplicaDown', 'severity=ticket', 'instance=a:3000'), 'tickets')
  t.equal(route('alertname=Watchdog', 'severity=none'), 'nobody')
  t.equal(route('alertname=SomethingElse'), 'tickets', 'an alert without a severity is not lost')
})

/** Starts an Alertmanager that posts to a stand-in for the channel. */
async function startWithChannel(t: Test) {
  const { messages, webhookUrl, close } = await startDiscord()
  t.teardown(close)
  const { post } = await startAlertmanager(t, completeWith(webhookUrl))
  /** The first message whose title matches. */
  const hear = (title: RegExp) =>
    until(() => messages.flatMap(({ embeds }) => embeds).find((embed) => title.test(embed.title)))
  return { post, messages, hear }
}

t.test('an alert arrives in the channel, can be read there, and its end arrives too', { skip }, async (t) => {
  const { post, hear } = await startWithChannel(t)
  const labels = { alertname: 'NginxDown', severity: 'page', instance: 'a' }
  await post({ labels })
  const message = await hear(/^PAGE NginxDown$/)
  t.match(message?.description, '**It is broken**')
  t.match(message?.description, 'Of 3 replicas 2 are gone.')
  t.match(message?.description, 'Severity page, since 2026-01-02 10:00:00 UTC')
  t.match(message?.description, 'Runbook: https://runbooks.example/it.md')
  await post({ labels, endsAt: new Date().toISOString() })
  t.ok(await hear(/^RESOLVED NginxDown$/))
})

t.test('many of a kind are one message, cut where Discord would cut it', { skip }, async (t) => {
  const { post, hear } = await startWithChannel(t)
  await post(
    ...Array.from({ length: 10 }, (_, at) => ({
      labels: { alertname: 'ReplicaDown', severity: 'ticket', instance: `replica-${at}` }
    }))
  )
  const message = await hear(/^TICKET ReplicaDown \(10\)$/)
  t.match(message?.description, '… and 2 more')
  t.equal(message?.description.match(/Runbook:/g)?.length, 8)
})

t.test('an alert that follows from another one is suppressed', { skip }, async (t) => {
  const { post, hear, messages } = await startWithChannel(t)
  await post(
    { labels: { alertname: 'FairleadDown', severity: 'page' } },
    { labels: { alertname: 'ClicksLate', severity: 'page' } },
    { labels: { alertname: 'RedisDown', severity: 'page', instance: 'redis-exporter' } }
  )
  // The causes arrive first. In a single request, Alertmanager might send an effect before it knows its
  // cause.
  for (const cause of [/FairleadDown/, /ClicksLate/, /RedisDown/]) t.ok(await hear(cause))
  await post(
    { labels: { alertname: 'RedirectsFail', severity: 'page', slo: 'redirect-availability' } },
    { labels: { alertname: 'ReplicaDown', severity: 'ticket', instance: 'a' } },
    { labels: { alertname: 'ClicksLate', severity: 'ticket' } },
    { labels: { alertname: 'RedisDisconnected', severity: 'ticket', instance: 'a' } },
    // This alert arrives last. By then the suppressed ones would have arrived too.
    { labels: { alertname: 'DiskFilling', severity: 'ticket', instance: 'host', mountpoint: '/' } }
  )
  t.ok(await hear(/DiskFilling/))
  const titles = messages.flatMap(({ embeds }) => embeds.map(({ title }) => title))
  t.strictSame(titles.sort(), [
    'PAGE ClicksLate',
    'PAGE FairleadDown',
    'PAGE RedisDown',
    'TICKET DiskFilling'
  ])
})
