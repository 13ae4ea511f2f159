import { type ExecFileException, execFile } from 'node:child_process'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'
import { ROOT } from '#testing/sources.ts'
import type { Release } from './release.ts'

/** A release on Kubernetes, with kubectl. */

export interface KubernetesOptions {
  /** The folder in ops/kubernetes/overlays. */
  overlay: string
  /** The image by digest: exactly the one that was tested and signed, since a tag may move. */
  image: string
  /** Timeout for each Deployment. */
  timeout?: string
  log: (line: string) => void
  /** The program; by default the one on PATH. */
  command?: string
}

/** The Deployments that are rolled out and rolled back together. */
const DEPLOYMENTS = ['fairlead', 'fairlead-worker', 'nginx']
/** An overlay as text is longer than the default of 1 MiB allows for. */
const MAX_OUTPUT = 64 * 1024 * 1024
/** The image name in the overlays. */
const IMAGE = 'ghcr.io/fairlead/fairlead'

/**
 * Applies the overlay with the image and waits for the rollouts. Rolls back to the previous revisions; they
 * name their own ConfigMaps, which stay, so settings go back too. Throws if `image` has no digest.
 */
export function makeKubernetesRelease(options: KubernetesOptions): Release {
  const { overlay, image, timeout = '15m', log, command = 'kubectl' } = options
  const [, newName, digest] = /^([\w./:-]+)@(sha256:[0-9a-f]{64})$/.exec(image) ?? []
  if (newName === undefined) throw new Error(`${image} is no image with a digest: name@sha256:…`)
  const before = new Map<string, string>()
  let namespace = ''

  const kubectl = (...args: string[]) => run(command, ['--namespace', namespace, ...args], log)
  const revisionOf = (deployment: string) =>
    kubectl(
      'get',
      'deployment',
      deployment,
      '--ignore-not-found',
      '--output',
      'jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}'
    )
  const waitFor = async (deployments: readonly string[]) => {
    for (const name of deployments)
      await kubectl('rollout', 'status', `deployment/${name}`, `--timeout=${timeout}`)
  }

  return {
    async apply() {
      const source = join(ROOT, 'ops', 'kubernetes', 'overlays', overlay)
      // kustomize accepts outside folders only by relative path. The temporary folder keeps the repository
      // unchanged.
      const folder = await realpath(await mkdtemp(join(tmpdir(), 'fairlead-deploy-')))
      try {
        namespace = readNamespace(await run(command, ['kustomize', source], log))
        for (const name of DEPLOYMENTS) {
          const revision = await revisionOf(name)
          if (revision !== '') before.set(name, revision)
        }
        const kustomization = {
          resources: [relative(folder, await realpath(source))],
          images: [{ name: IMAGE, newName, digest }]
        }
        await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization))
        await kubectl('apply', '--kustomize', folder)
        await waitFor(DEPLOYMENTS)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    async rollBack() {
      if (before.size === 0) throw new Error('nothing was there before')
      const changed: string[] = []
      for (const [name, revision] of before)
        if ((await revisionOf(name)) !== revision) {
          await kubectl('rollout', 'undo', `deployment/${name}`, `--to-revision=${revision}`)
          changed.push(name)
        }
      await waitFor(changed)
    }
  }
}

function readNamespace(manifests: string): string {
  for (const part of manifests.split(/^---$/m)) {
    const { kind, metadata } = parse(part) as { kind: string; metadata: { name: string } }
    if (kind === 'Namespace') return metadata.name
  }
  throw new Error('The overlay makes no Namespace')
}

/** Runs a command; returns its output and throws its error output. */
async function run(command: string, args: string[], log: (line: string) => void): Promise<string> {
  log(`${command} ${args.join(' ')}`)
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: MAX_OUTPUT }).catch(
    ({ message, code, stderr }: ExecFileException) => {
      throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr?.trim() || message}`)
    }
  )
  return stdout.trim()
}
