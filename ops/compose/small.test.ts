import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DCLinter } from 'dclint'
import t from 'tap'
import { parse } from 'yaml'
import { readConfig } from '#apps/config.ts'
import { Settings } from '#apps/settings.ts'
import { missing } from '#testing/programs.ts'
import { ROOT, readText } from '#testing/sources.ts'

/** The compose files of small deployments: a single container; and server, PostgreSQL and Caddy. */

interface Service {
  image: string
  build?: { dockerfile: string }
  user?: string
  restart?: string
  read_only?: boolean
  cap_drop?: string[]
  cap_add?: string[]
  security_opt?: string[]
  mem_limit?: string
  stop_grace_period?: string
  env_file?: string
  environment?: Record<string, string>
  volumes?: string[]
  ports?: string[]
}

interface Compose {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}

const read = (file: string) => parse(readText(file), { merge: true }) as Compose
const single = read('compose.single.yaml')
const small = read('compose.small.yaml')

/** The names in .env.example with their values, including those in comments. */
const example = Object.fromEntries(
  [...readText('.env.example').matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value
  ])
)

/** The variables of .env that a compose file reads. */
function readVariables(file: string): string[] {
  return [...readText(file).matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name)
}

for (const [file, { services, volumes }] of Object.entries({
  'compose.single.yaml': single,
  'compose.small.yaml': small
})) {
  t.test(`${file} is short and what the Compose specification allows`, async (t) => {
    t.ok(readText(file).trim().split('\n').length < 40)
    const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] })
    const [found] = linter.lintFiles([join(ROOT, file)], false) as { messages: { severity: string }[] }[]
    t.same(
      found?.messages.filter(({ severity }) => severity === 'critical'),
      []
    )
  })

  t.test(`every service of ${file} is confined and bounded`, async (t) => {
    for (const [name, service] of Object.entries(services)) {
      t.match(service, { restart: 'unless-stopped', read_only: true, mem_limit: /^\d+m$/ }, name)
      t.same(service.cap_drop, ['ALL'], name)
      t.same(service.security_opt, ['no-new-privileges:true'], name)
      t.match(service.stop_grace_period, '30s', name)
      if (!service.build) t.match(service.image, /:[\w.-]+@sha256:[0-9a-f]{64}$/, name)
      // Caddy's certificates belong to root. Its only root capability is the one for its ports.
      if (name === 'caddy') t.same(service.cap_add, ['NET_BIND_SERVICE'])
      else t.match(service.user, /^[1-9]\d*:\d+$/, name)
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':')
        t.ok(source.startsWith('./') ? existsSync(join(ROOT, source)) : source in volumes, volume)
      }
    }
  })

  t.test(`the server of ${file} asks for keys and keeps its clicks`, async (t) => {
    const { server } = services
    t.equal(server?.build?.dockerfile, 'ops/docker/Dockerfile')
    t.match(server?.environment?.['ADMIN_KEY'], /^\$\{ADMIN_KEY:\?/)
    t.equal(server?.environment?.['REDIS_URL'], undefined)
    t.match(server?.volumes, [/^\w+:\/data$/], 'without Redis they wait in DATA_DIR')
    t.match(readText('ops/docker/Dockerfile'), /^ENV .*DATA_DIR=\/data AUTH=keys/m)
    // Either would make the container unreachable, and .env may set them for another deployment.
    t.match(server?.environment, { HOST: '0.0.0.0', PORT: '3000' })
  })

  t.test(`.env.example has all that ${file} asks for`, async (t) => {
    for (const name of readVariables(file)) t.ok(name in example || name === 'FAIRLEAD_VERSION', name)
  })
}

t.test('only Caddy is reached where there is one, and what must last is in volumes', async (t) => {
  const published = Object.entries(small.services).filter(([, { ports }]) => ports)
  t.same(
    published.map(([name]) => name),
    ['caddy']
  )
  t.match(small.services['postgres']?.volumes, ['postgres:/var/lib/postgresql/data'])
  t.ok(small.services['caddy']?.volumes?.includes('caddy:/data'))
  const full = parse(readText('compose.yaml'), { merge: true }) as Compose
  t.equal(small.services['postgres']?.image, full.services['postgres']?.image)
})

t.test('every name in .env.example is a setting or a variable of these files', async (t) => {
  const known = new Set([...Object.keys(Settings.properties), ...readVariables('compose.small.yaml')])
  t.ok(Object.keys(example).length >= 6)
  t.same(
    Object.keys(example).filter((name) => !known.has(name)),
    []
  )
  const filled = { ...example, ADMIN_KEY: `fl_0123456789abcdef_${'A'.repeat(43)}` }
  t.equal(readConfig(filled).urls.publicUrl, example['PUBLIC_URL'])
})

t.test('the commands that make a first key make a valid one', { skip: missing('openssl') }, async (t) => {
  for (const file of ['docs/deploy.md', '.env.example']) {
    const [, command] = /"(fl_\$\(openssl [^"]+\))"/.exec(readText(file)) ?? []
    const { stdout } = spawnSync('sh', ['-c', `printf %s "${command}"`], { encoding: 'utf8' })
    t.doesNotThrow(() => readConfig({ ADMIN_KEY: stdout }), `${file}: ${stdout.length} characters`)
    t.match(stdout, /^fl_/)
  }
})

t.test('the docker run line of docs/deploy.md fits the image', async (t) => {
  const [, port, volume] =
    /^docker run .* -p 3000:(\d+) -v fairlead:(\S+) -e ADMIN_KEY /m.exec(readText('docs/deploy.md')) ?? []
  t.match(readText('ops/docker/Dockerfile'), new RegExp(`^VOLUME ${volume}\nEXPOSE ${port}$`, 'm'))
})
