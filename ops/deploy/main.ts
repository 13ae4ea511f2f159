import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makeKubernetesRelease } from './kubernetes.ts'
import { deploy } from './release.ts'
import { type CheckOptions, checkRelease, formatCheck, look } from './slo-check.ts'

/**
 * The last step of a release (docs/deploy.md):
 *
 *   node ops/deploy/main.ts check --prometheus URL                     are the promises kept now?
 *   node ops/deploy/main.ts kubernetes --overlay staging --image NAME@sha256:… --prometheus URL
 *
 * `--minutes 10` is how long to watch. `--replicas 2` must answer. With fewer than `--redirects 1000` the
 * check fails. `--during-incident` releases although promises are broken. PROMETHEUS_TOKEN is the token of a
 * protected Prometheus. Exits with 0 when the release is kept, with 1 when it was not started or was rolled
 * back.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    prometheus: { type: 'string' },
    overlay: { type: 'string' },
    image: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    replicas: { type: 'string', default: '2' },
    redirects: { type: 'string', default: '1000' },
    'during-incident': { type: 'boolean', default: false }
  }
})

const log = (line: string) => process.stdout.write(`${line}\n`)

async function main(): Promise<void> {
  const [command] = positionals
  const options: CheckOptions = {
    prometheusUrl: required('prometheus'),
    // biome-ignore lint/style/noProcessEnv: a process' entry reads its environment
    token: process.env['PROMETHEUS_TOKEN'],
    seconds: 60 * count('minutes'),
    replicas: count('replicas'),
    leastRedirects: count('redirects'),
    duringIncident: values['during-incident']
  }
  if (command === 'check') {
    await waitForPrometheus(options)
    for (const finding of await checkRelease(options)) log(formatCheck(finding))
    return
  }
  if (command !== 'kubernetes') throw new Error(`There is no ${command}: check or kubernetes`)
  const release = makeKubernetesRelease({ overlay: required('overlay'), image: required('image'), log })
  await waitForPrometheus(options)
  await refuseDuringIncident(options)
  await deploy(release, async () => (await checkRelease(options)).map(formatCheck).map(log), log)
}

/** During an incident, the check can't tell a bad release from existing failures. */
async function refuseDuringIncident(options: CheckOptions): Promise<void> {
  if (options.duringIncident) return
  // Without measurements, no replica is running yet.
  const broken = (await look(options, 300)).filter(
    ({ name, value, isGood }) => !isGood && value !== null && name !== 'redirects' && name !== 'replicas'
  )
  if (broken.length > 0)
    throw new Error(
      `Objectives are violated before the rollout (--during-incident continues):\n${broken.map(formatCheck).join('\n')}`
    )
}

/** A port-forward takes a moment. */
async function waitForPrometheus(options: CheckOptions): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await look(options, 60)
      return
    } catch (error) {
      if (tries === 15) throw error
      await wait(2_000)
    }
  }
}

function required(name: 'prometheus' | 'overlay' | 'image'): string {
  const value = values[name]
  if (value === undefined || value === '') throw new Error(`--${name} is missing`)
  return value
}

function count(name: 'minutes' | 'replicas' | 'redirects'): number {
  const value = Number(values[name])
  if (!(value >= 0)) throw new Error(`--${name} takes a number`)
  return value
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
