import { setTimeout as wait } from 'node:timers/promises'
import type { DiscordMessage } from '#ops/stack/discord.ts'
import type { Watchers } from '#ops/stack/watchers.ts'

/** Tracks which of a fault's expected alerts arrived. */
export interface AlertWatch {
  /** Seconds from the start until each alert arrived; null if it has not. */
  readonly arrivals: Readonly<Record<string, number | null>>
  /** Other alerts that arrived. */
  readonly others: readonly string[]
  /** Resolves once all alerts have arrived, or after `ms`. */
  wait(ms: number): Promise<void>
  stop(): void
}

const LOOK_EVERY_MS = 100

/** Watches for `names` from now on. */
export function watchAlerts(watchers: Watchers, names: readonly string[]): AlertWatch {
  const seen = new Set(watchers.discord.messages)
  const start = performance.now()
  const arrivals: Record<string, number | null> = Object.fromEntries(names.map((name) => [name, null]))
  const others = new Set<string>()
  const timer = setInterval(look, LOOK_EVERY_MS)
  const isComplete = () => Object.values(arrivals).every((arrival) => arrival !== null)

  function look(): void {
    for (const message of watchers.discord.messages) {
      if (seen.has(message)) continue
      seen.add(message)
      const name = raisedBy(message)
      if (name === null) continue
      if (!(name in arrivals)) others.add(name)
      else arrivals[name] ??= (performance.now() - start) / 1_000
    }
  }

  return {
    arrivals,
    get others() {
      return [...others]
    },
    async wait(ms) {
      const deadline = performance.now() + ms
      while (!isComplete() && performance.now() < deadline) await wait(LOOK_EVERY_MS)
    },
    stop: () => clearInterval(timer)
  }
}

/** The alert that a message raises; null if the message resolves one. */
function raisedBy({ embeds }: DiscordMessage): string | null {
  const [, name] = /^(?:PAGE|TICKET) (\w+)/.exec(embeds[0]?.title ?? '') ?? []
  return name ?? null
}

/** Waits, up to `ms`, until none of `names` is active: Alertmanager does not repeat an active alert. */
export async function waitForCalm(watchers: Watchers, names: readonly string[], ms: number): Promise<void> {
  const isCalm = async () => {
    const answer = await fetch(`${watchers.alertmanagerUrl}/api/v2/alerts`)
    const active = (await answer.json()) as { labels: { alertname: string } }[]
    return !active.some(({ labels }) => names.includes(labels.alertname))
  }
  for (const deadline = performance.now() + ms; !(await isCalm()) && performance.now() < deadline; )
    await wait(500)
}
