import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { makeFolder } from '#testing/folder.ts'
import { makeKubernetesRelease } from './kubernetes.ts'
import { deploy } from './release.ts'

/** The kubectl calls and their order, and the effect of a rollout that does not finish. */

const IMAGE = `ghcr.io/fairlead/fairlead@sha256:${'a'.repeat(64)}`

/**
 * Replaces kubectl, for a cluster whose Deployments have the revisions of `revisions`; an apply adds one. The
 * rollout of `stuck` times out until it is undone.
 */
async function startCluster(t: Test, revisions: Record<string, number>, stuck = '') {
  const folder = await makeFolder(t)
  const log = join(folder, 'log')
  for (const [name, revision] of Object.entries(revisions)) await writeFile(join(folder, name), `${revision}`)
  if (stuck !== '') await writeFile(join(folder, 'stuck'), stuck)
  const command = join(folder, 'kubectl')
  await writeFile(
    command,
    `#!/bin/sh
cd '${folder}'
for last; do :; done
echo "$*" | sed 's/--kustomize .*/--kustomize FOLDER/' >> log
name=$(echo "$*" | sed -nE 's/.*deployment[/ ]([a-z-]+).*/\\1/p')
case "$*" in
  kustomize*) printf 'kind: Service\\nmetadata: { name: a }\\n---\\nkind: Namespace\\nmetadata: { name: fairlead-try }\\n' ;;
  *" get "*) if [ -e "$name" ]; then cat "$name"; fi ;;
  *" apply "*)
    cp "$last/kustomization.yaml" applied.yaml
    for one in fairlead fairlead-worker; do [ ! -e $one ] || echo $(($(cat $one) + 1)) > $one; done ;;
  *" undo "*) rm -f stuck ;;
  *" status "*) [ ! -e stuck ] || [ "$(cat stuck)" != "$name" ] || { echo 'timed out waiting for the condition' >&2; exit 1; } ;;
esac
`
  )
  await chmod(command, 0o755)
  return {
    command,
    async readCommands() {
      const lines = (await readFile(log, 'utf8')).trim().split('\n')
      return lines
        .filter((line) => !/^kustomize| get /.test(line))
        .map((line) => line.replace(/^--namespace fairlead-try /, ''))
    },
    readApplied: async () => parse(await readFile(join(folder, 'applied.yaml'), 'utf8'))
  }
}

const rollouts = ['fairlead', 'fairlead-worker', 'nginx'].map(
  (name) => `rollout status deployment/${name} --timeout=15m`
)
const log = () => undefined

t.test('a release is applied by its digest and waited for', async (t) => {
  const { command, ...cluster } = await startCluster(t, { fairlead: 4, 'fairlead-worker': 4, nginx: 1 })
  await deploy(
    makeKubernetesRelease({ overlay: 'staging', image: IMAGE, log, command }),
    async () => undefined,
    log
  )
  t.same(await cluster.readCommands(), ['apply --kustomize FOLDER', ...rollouts])
  const { resources, images } = await cluster.readApplied()
  t.match(resources, [/^(\.\.\/)+.*ops\/kubernetes\/overlays\/staging$/])
  t.same(images, [
    {
      name: 'ghcr.io/fairlead/fairlead',
      newName: 'ghcr.io/fairlead/fairlead',
      digest: `sha256:${'a'.repeat(64)}`
    }
  ])
  const { images: known } = parse(
    await readFile(
      join(import.meta.dirname, '..', 'kubernetes', 'overlays', 'staging', 'kustomization.yaml'),
      'utf8'
    )
  )
  t.equal(known[0].newName, images[0].name, 'the name that it replaces')
})

const undone = [
  'rollout undo deployment/fairlead --to-revision=4',
  'rollout undo deployment/fairlead-worker --to-revision=7',
  ...rollouts.slice(0, 2)
]

t.test('broken promises put back the revisions that were there, of what has changed', async (t) => {
  const { command, ...cluster } = await startCluster(t, { fairlead: 4, 'fairlead-worker': 7, nginx: 1 })
  const check = () => Promise.reject(new Error('redirects fail'))
  await t.rejects(
    deploy(makeKubernetesRelease({ overlay: 'production', image: IMAGE, log, command }), check, log),
    {
      name: 'RolledBack',
      message: 'redirects fail'
    }
  )
  t.same((await cluster.readCommands()).slice(1 + rollouts.length), undone)
})

t.test('a rollout that does not finish is rolled back', async (t) => {
  const { command, ...cluster } = await startCluster(
    t,
    { fairlead: 4, 'fairlead-worker': 7, nginx: 1 },
    'fairlead'
  )
  const check = () => Promise.reject(new Error('must not be called'))
  await t.rejects(
    deploy(makeKubernetesRelease({ overlay: 'production', image: IMAGE, log, command }), check, log),
    {
      name: 'RolledBack',
      message: /deployment\/fairlead .*ended with 1: timed out/
    }
  )
  t.same((await cluster.readCommands()).slice(2), undone)
})

t.test('a first release can not be rolled back, and the error says so', async (t) => {
  const { command } = await startCluster(t, {}, 'fairlead')
  await t.rejects(
    deploy(
      makeKubernetesRelease({ overlay: 'staging', image: IMAGE, log, command }),
      async () => undefined,
      log
    ),
    { name: 'RollbackFailed', message: /timed out.*\n.*nothing was there before/s }
  )
})

t.test('an image without a digest is refused', async (t) => {
  for (const image of ['ghcr.io/fairlead/fairlead:main', 'fairlead', `x@sha256:${'a'.repeat(63)}`])
    t.throws(() => makeKubernetesRelease({ overlay: 'staging', image, log }), /no image with a digest/)
})
