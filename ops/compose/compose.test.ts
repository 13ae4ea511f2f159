import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { ROOT } from '#testing/sources.ts'

/** House rules of compose.yaml: what every service must have, and what nobody outside may reach. */

interface Service {
  image: string
  user?: string
  restart?: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  privileged?: boolean
  environment?: Record<string, string>
  healthcheck?: { test?: string[]; disable?: boolean }
  depends_on?: Record<string, { condition: string }>
  volumes?: string[]
  ports?: string[]
  networks?: string[]
  secrets?: string[]
  stop_grace_period?: string
  deploy?: { resources?: { limits?: { cpus?: string; memory?: string } } }
}

interface Compose {
  services: Record<string, Service>
  networks: Record<string, { internal?: boolean } | null>
  volumes: Record<string, null>
  secrets: Record<string, { file: string }>
}

const compose = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }) as Compose
const services = Object.entries(compose.services)

/** Has its health in its image. */
const CHECKED_BY_IMAGE = ['app']
/** Can't ask itself: its image holds one program. */
const UNCHECKED = ['nginx-exporter']

t.test('every service is confined, limited and checked', async (t) => {
  t.ok(services.length >= 11)
  for (const [name, service] of services) {
    t.same(service.cap_drop, ['ALL'], `${name} drops all capabilities`)
    t.same(service.security_opt, ['no-new-privileges:true'], name)
    t.equal(service.read_only, true, `${name} writes nowhere but in volumes`)
    t.equal(service.privileged, undefined, name)
    t.ok(service.user && !/^(root|0)\b/.test(service.user), `${name} runs as nobody's superior`)
    t.equal(service.restart, 'unless-stopped', name)
    t.ok(
      service.deploy?.resources?.limits?.memory && service.deploy.resources.limits.cpus,
      `${name} has limits`
    )
    const isChecked = service.healthcheck?.test !== undefined || CHECKED_BY_IMAGE.includes(name)
    t.equal(isChecked, !UNCHECKED.includes(name), `${name} is checked`)
    t.notMatch(service.image, /:latest$/, name)
    t.ok(service.image === 'fairlead' || /:.*\d/.test(service.image), `${name} has a version`)
    for (const { condition } of Object.values(service.depends_on ?? {}))
      t.equal(condition, 'service_healthy', name)
  }
  t.match(readFileSync(join(ROOT, 'ops/docker/Dockerfile'), 'utf8'), /^HEALTHCHECK/m)
})

t.test('only nginx is reached from outside, and Grafana from this machine', async (t) => {
  const published = services.filter(([, { ports }]) => ports !== undefined)
  t.same(
    published.map(([name]) => name),
    ['nginx', 'grafana']
  )
  t.match(compose.services['grafana']?.ports, [/^127\.0\.0\.1:/])
  t.equal(compose.networks['inside']?.internal, true)
  for (const name of ['app', 'worker', 'postgres', 'redis', 'prometheus'])
    t.same(compose.services[name]?.networks, ['inside'], name)
})

t.test('what it mounts exists, and secrets come from files that git does not know', async (t) => {
  for (const [name, { volumes = [], secrets = [], environment = {} }] of services) {
    for (const volume of volumes) {
      const [source = ''] = volume.split(':')
      if (source.startsWith('./')) t.ok(existsSync(join(ROOT, source)), `${name} mounts ${source}`)
      else t.ok(source in compose.volumes, `${name} mounts the volume ${source}`)
    }
    for (const secret of secrets) t.ok(secret in compose.secrets, `${name} reads ${secret}`)
    for (const [variable, value] of Object.entries(environment)) {
      if (/PASSWORD|_URL_FILE|_KEY_FILE|PASS_FILE/.test(variable))
        t.match(value, /^\/run\/secrets\//, variable)
      t.notMatch(value, /:\/\/[^/]*:[^/]*@/, `${variable} holds no password`)
    }
  }
  t.match(readFileSync(join(ROOT, '.gitignore'), 'utf8'), /^secrets\/$/m)
})

t.test('the script makes every secret that is read, once', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-secrets-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const script = join(folder, 'ops', 'compose', 'make-secrets.sh')
  spawnSync('mkdir', ['-p', join(folder, 'ops', 'compose')])
  spawnSync('cp', [join(import.meta.dirname, 'make-secrets.sh'), script])
  const read = () =>
    Object.values(compose.secrets).map(({ file }) => readFileSync(join(folder, file), 'utf8'))
  const first = spawnSync('sh', [script], { encoding: 'utf8' })
  t.equal(first.status, 0, first.stderr)
  const made = read()
  t.ok(made.every((text) => text.length > 20))
  const key = readFileSync(join(folder, 'secrets', 'admin_key'), 'utf8')
  t.match(key, /^fl_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/, 'the form of ADMIN_KEY')
  t.equal(spawnSync('sh', [script]).status, 0)
  t.same(read(), made, 'what is there stays')
})
