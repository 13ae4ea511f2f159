import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DCLinter } from 'dclint'
import t from 'tap'
import { parse } from 'yaml'
import { makeFolder } from '#testing/folder.ts'
import { missing } from '#testing/programs.ts'
import { listFiles, ROOT, readText } from '#testing/sources.ts'

/**
 * House rules of compose.yaml: what every service must have, and which ports stay unreachable from outside.
 */

interface Service {
  image: string
  build?: { context: string; dockerfile: string; target?: string }
  profiles?: string[]
  user?: string
  restart?: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  privileged?: boolean
  environment?: Record<string, string>
  healthcheck?: { test?: string[]; interval?: string; timeout?: string; retries?: number; disable?: boolean }
  depends_on?: Record<string, { condition: string }>
  volumes?: string[]
  ports?: string[]
  networks?: string[]
  secrets?: string[]
  stop_grace_period?: string
  entrypoint?: string[]
  command?: string[]
  deploy?: { replicas?: number; resources?: { limits?: { cpus?: string; memory?: string } } }
}

interface Compose {
  services: Record<string, Service>
  networks: Record<string, { internal?: boolean } | null>
  volumes: Record<string, null>
  secrets: Record<string, { file: string }>
}

/** dclint's findings in a file; its own types can't be resolved. */
interface Linted {
  messages: { rule: string; severity: string }[]
}

const compose = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }) as Compose
const services = Object.entries(compose.services)

t.test('every service is confined, limited, checked and given time to end', async (t) => {
  t.ok(services.length >= 11)
  for (const [name, service] of services) {
    t.same(service.cap_drop, ['ALL'], `${name} drops all capabilities`)
    t.same(service.security_opt, ['no-new-privileges:true'], name)
    t.equal(service.read_only, true, `${name} writes nowhere but in volumes`)
    t.equal(service.privileged, undefined, name)
    t.match(service.user, /^[1-9]\d*:\d+$/, `${name} runs as a user by number, and not as root`)
    t.equal(service.restart, 'unless-stopped', name)
    t.match(service.stop_grace_period, /^\d+s$/, name)
    const limits = service.deploy?.resources?.limits
    t.ok(limits?.memory && limits.cpus, `${name} has limits`)
    t.match(
      service.healthcheck,
      { test: [/^CMD$/], interval: /s$/, timeout: /s$/, retries: Number },
      `${name} is checked`
    )
    t.notOk(service.healthcheck?.disable, name)
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      t.equal(condition, 'service_healthy', name)
      t.ok(other in compose.services, `${name} waits for ${other}`)
    }
  }
})

t.test('the light profile is what serves, the full one adds what watches, another backs up', async (t) => {
  const light = services.filter(([, { profiles }]) => !profiles).map(([name]) => name)
  t.same(light, ['app', 'worker', 'nginx', 'postgres', 'redis'])
  for (const [name, { profiles = ['full'] }] of services)
    t.same(profiles, [name === 'backup' ? 'backup' : 'full'], name)
  t.equal(compose.services['app']?.deploy?.replicas, 6)
  t.match(compose.services['redis']?.command?.join(' '), /^redis-server \/etc\/fairlead\/redis\.conf /)
})

t.test('images are pinned by digest, and say which version that is', async (t) => {
  const named = services.filter(([, { build }]) => !build).map(([, { image }]) => image)
  const bases = listFiles(['ops/docker'], /Dockerfile$/).flatMap((file) =>
    [...readText(file).matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => image)
  )
  t.ok(named.length >= 6 && bases.length >= 6, [...named, ...bases].join())
  for (const image of [...named, ...bases]) t.match(image, /^[\w./-]+:v?\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/)
})

t.test('it is what the Compose specification allows', async (t) => {
  const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] })
  // dclint's style rules are not ours.
  const violations = (path: string) =>
    (linter.lintFiles([path], false) as Linted[]).map(({ messages }) =>
      messages.filter(
        ({ severity, rule }) => severity === 'critical' || rule === 'no-duplicate-exported-ports'
      )
    )
  for (const file of ['compose.yaml', 'ops/compose/stand-ins/compose.yaml'])
    t.same(violations(join(ROOT, file)), [[]], file)
  const folder = t.testdir({ 'compose.yaml': 'services: { app: { image: a, restarts: always } }' })
  t.match(violations(join(folder, 'compose.yaml')), [[{ rule: 'invalid-schema' }]])
})

t.test('the Dockerfiles are clean', { skip: missing('hadolint') }, async (t) => {
  const files = listFiles(['ops'], /Dockerfile$/)
  t.ok(files.length >= 3, files.join())
  const { status, stdout } = spawnSync('hadolint', files, { cwd: ROOT, encoding: 'utf8' })
  t.equal(status, 0, stdout)
})

t.test('the image is no root, is checked, and says what is in it', async (t) => {
  const text = readText('ops/docker/Dockerfile')
  for (const part of [
    /^USER 1000:1000$/m,
    /^HEALTHCHECK /m,
    /npm sbom --sbom-format=spdx > (\/\S+)/,
    /io\.fairlead\.sbom="\/usr\/share\/sbom\/fairlead\.spdx\.json"/
  ])
    t.match(text, part)
  for (const label of ['title', 'description', 'licenses', 'source', 'revision', 'base.name'])
    t.ok(text.includes(`org.opencontainers.image.${label}=`), label)
  const [, base] = /base\.name="docker\.io\/library\/([^"]+)"/.exec(text) ?? []
  t.match(text, new RegExp(`^FROM ${base}@`, 'm'), 'the label names the base')
})

t.test('only nginx is reached from outside, and Grafana from this machine', async (t) => {
  const published = services.filter(([, { ports }]) => ports !== undefined)
  t.same(
    published.map(([name]) => name),
    ['nginx', 'grafana']
  )
  t.match(compose.services['grafana']?.ports, [/^127\.0\.0\.1:/])
  t.equal(compose.networks['inside']?.internal, true)
  for (const name of ['app', 'worker', 'postgres', 'backup', 'redis', 'prometheus'])
    t.same(compose.services[name]?.networks, ['inside'], name)
})

t.test('backups are taken by the scripts that the drill restores from', async (t) => {
  const [postgres, backup] = [compose.services['postgres'], compose.services['backup']]
  t.equal(backup?.image, postgres?.image, 'with the programs of the server')
  const command = postgres?.command?.join('\n') ?? ''
  const [, folder = '', script = ''] = /archive_command=BACKUP_DIR=(\S+) (\S+) "%p" "%f"/.exec(command) ?? []
  t.equal(backup?.environment?.['BACKUP_DIR'], folder, 'the archive is beside them')
  for (const service of [postgres, backup])
    t.match(service?.volumes?.join('\n'), new RegExp(`backups\\}:${folder}$`, 'm'))
  for (const path of [script, ...(backup?.entrypoint ?? []), backup?.healthcheck?.test?.[1] ?? '']) {
    t.match(path, /^\/opt\/fairlead\/backup\//)
    t.equal(statSync(join(ROOT, 'ops', 'backup', basename(path))).mode & 0o111, 0o111, `${path} can be run`)
  }
  const [archive, bases] = [/archive_mode=(\S+)/.exec(command)?.[1], backup?.environment?.['BACKUP_BASES']]
  t.equal(archive, bases, 'base backups are where the archive is')
  t.match(readText('ops/compose/pg_hba.conf'), /^host +replication +fairlead +samenet +scram-sha-256$/m)
  t.match(command, /hba_file=\/etc\/fairlead\/pg_hba\.conf/)
})

t.test('what it mounts exists, and secrets come from files that git does not know', async (t) => {
  for (const [name, { volumes = [], secrets = [], environment = {} }] of services) {
    for (const volume of volumes) {
      const [source = ''] = volume.replace(/^\$\{\w+:-(\w+)\}/, '$1').split(':')
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
  const folder = await makeFolder(t)
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
