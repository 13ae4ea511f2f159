import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { listFiles, readText } from './sources.ts'

/** The workflows run what developers run, from actions that can't change under us, with the least they may do. */

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}

interface Job {
  needs?: string | string[]
  uses?: string
  steps?: Step[]
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
  const all = ['compose.yaml', ...listFiles(['.github', 'ops'], /\.ya?ml$/)]
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
