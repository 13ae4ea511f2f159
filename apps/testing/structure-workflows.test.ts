import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { listFiles, ROOT, readText } from './sources.ts'

/** The workflows run the developers' commands, with pinned actions and minimal permissions. */

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}

interface Job {
  if?: string
  environment?: string
  secrets?: string
  needs?: string | string[]
  uses?: string
  steps?: Step[]
  strategy?: { matrix?: { include?: { arch: string }[] } }
  permissions?: Record<string, string>
  'timeout-minutes'?: number
}

interface Workflow {
  permissions: Record<string, string>
  concurrency?: unknown
  jobs: Record<string, Job>
}

const files = listFiles(['.github/workflows'], /\.yml$/)
const workflows = files.map((file) => ({
  ...(parse(readText(file)) as Workflow),
  text: readText(file),
  file
}))
const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> }

t.test('every YAML file can be read', async (t) => {
  const all = [
    'compose.yaml',
    'compose.single.yaml',
    'compose.small.yaml',
    ...listFiles(['.github', 'ops'], /\.ya?ml$/)
  ]
  t.ok(all.length >= 4, all.join())
  for (const file of all)
    for (const { errors } of parseAllDocuments(readText(file), { merge: true })) t.same(errors, [], file)
})

t.test('actions are pinned by commit and say which version that is', async (t) => {
  const uses = workflows.flatMap(({ text }) =>
    [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, one]) => one)
  )
  t.ok(uses.length >= 6, uses.join())
  for (const one of uses) t.match(one, /^(\.\/|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/)
})

t.test('may read by default, keeps no credentials and ends some time', async (t) => {
  for (const { file, permissions, concurrency, jobs } of workflows) {
    t.same(permissions, { contents: 'read' }, file)
    t.ok(concurrency, file)
    for (const [job, { steps = [], uses, ...more }] of Object.entries(jobs)) {
      t.ok(uses || more['timeout-minutes'], `${file} ${job}`)
      for (const step of steps)
        if (step.uses?.startsWith('actions/checkout@')) t.equal(step.with?.['persist-credentials'], false)
    }
  }
})

t.test('scripts that are run exist', async (t) => {
  const runs = workflows.flatMap(({ jobs }) =>
    Object.values(jobs).flatMap(({ steps = [] }) => steps.flatMap(({ run }) => run ?? []))
  )
  t.ok(runs.includes('npm test'))
  for (const [, script = ''] of runs.join('\n').matchAll(/\b(?:node|sh) ([\w./-]+\.(?:ts|mjs|sh))\b/g))
    t.ok(existsSync(join(ROOT, script)), script)
  for (const [, script = ''] of runs.join('\n').matchAll(/npm run ([\w:-]+)/g))
    t.ok(script in scripts, script)
})

t.test('nothing is deployed that has not passed', async (t) => {
  const deploy = workflows.find(({ file }) => file.endsWith('deploy.yml'))
  t.equal(deploy?.jobs['ci']?.uses, './.github/workflows/ci.yml')
  const others = Object.entries(deploy?.jobs ?? {}).filter(([name]) => name !== 'ci')
  t.ok(others.length > 0)
  for (const [name, { needs }] of others) t.ok([needs].flat().includes('ci'), name)
})

t.test('the image is built for both processors, each of which has run it before', async (t) => {
  const archs = ['amd64', 'arm64']
  const builds = [find('ci').jobs['image'], find('deploy').jobs['build']]
  for (const job of builds)
    t.same(
      job?.strategy?.matrix?.include?.map(({ arch }) => arch),
      archs
    )
  const [create = ''] = (find('deploy').jobs['image']?.steps ?? []).flatMap(({ run = '' }) =>
    run.includes('imagetools create') ? run : []
  )
  for (const arch of archs) t.ok(create.includes(`@$${arch.toUpperCase()}"`), arch)
})

t.test(
  'production follows staging, and both use the rollout that takes back a release with broken promises',
  async (t) => {
    const { staging, production } = find('deploy').jobs
    t.ok([production?.needs].flat().includes('staging'))
    for (const job of [staging, production]) {
      t.equal(job?.uses, './.github/workflows/rollout.yml')
      t.ok([job?.needs].flat().includes('image'))
    }
    const { rollout } = find('rollout').jobs
    t.match(rollout?.environment, 'inputs.environment', 'whose rules require approval')
    const steps = (rollout?.steps ?? []).map(({ run = '' }) => run)
    const verified = steps.findIndex((run) => run.includes('gh attestation verify'))
    const rolled = steps.findIndex((run) =>
      /node ops\/deploy\/main\.ts kubernetes .*\n?.*--prometheus/.test(run)
    )
    t.ok(verified !== -1 && verified < rolled, 'who built it is known before')
  }
)

t.test('a release builds nothing: it names what has passed', async (t) => {
  const steps = find('release').jobs['release']?.steps ?? []
  t.notOk(steps.some(({ uses = '', run = '' }) => /build-push-action|docker build /.test(uses + run)))
  for (const part of [
    'is-ancestor',
    'make-notes.ts',
    'attestation verify',
    'git push',
    'imagetools create',
    'gh release create'
  ])
    t.ok(
      steps.some(({ run = '' }) => run.includes(part)),
      part
    )
})

t.test('whatever ships is checked first', async (t) => {
  const steps = Object.values(find('ci').jobs).flatMap(({ steps = [] }) => steps)
  const text = steps.map(({ uses = '', run = '' }) => `${uses} ${run}`).join('\n')
  for (const part of [
    'npm test',
    'npm run test:systems',
    'npm run chaos -- --smoke',
    'docker/build-push-action',
    'anchore/scan-action',
    'anchore/sbom-action',
    'actionlint',
    'kubeconform',
    'gitleaks',
    'npm audit --omit=dev'
  ])
    t.ok(text.includes(part), part)
  const published = find('deploy').jobs['image']?.steps ?? []
  for (const action of ['actions/attest-sbom', 'actions/attest-build-provenance'])
    t.ok(
      published.some(({ uses = '' }) => uses.startsWith(action)),
      action
    )
})

t.test('only the jobs that need it may write, and no outside text gets into a script', async (t) => {
  const writers = workflows.flatMap(({ file, jobs }) =>
    Object.entries(jobs).flatMap(([job, { permissions = {} }]) =>
      Object.entries(permissions)
        .filter(([, may]) => may !== 'read')
        .map(([what]) => `${file.split('/').at(-1)} ${job} ${what}`)
    )
  )
  t.same(writers.sort(), [
    'deploy.yml build packages',
    'deploy.yml image attestations',
    'deploy.yml image id-token',
    'deploy.yml image packages',
    'release.yml release contents',
    'release.yml release packages'
  ])
  const runs = workflows.flatMap(({ jobs }) =>
    Object.values(jobs).flatMap(({ steps = [] }) => steps.flatMap(({ run = '' }) => run))
  )
  t.same(
    runs.filter((run) => run.includes('${{')),
    [],
    'values come by the environment'
  )
})

function find(name: string) {
  const found = workflows.find(({ file }) => file.endsWith(`/${name}.yml`))
  if (!found) throw new Error(`There is no workflow ${name}`)
  return found
}
