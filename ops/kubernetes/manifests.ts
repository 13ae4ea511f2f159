import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

/**
 * Builds an overlay as kustomize does, for the features that our files use: resources, components, merged
 * settings and JSON patches. Throws on anything else, so that no part of an overlay escapes the tests.
 */

export interface Resource {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: the schemas check the many kinds of Kubernetes
  spec?: any
  [field: string]: unknown
}

export interface Built {
  namespace: string
  resources: Resource[]
  /** Settings of servers and worker. */
  settings: Record<string, string>
  /** Files of ConfigMaps, by the name of the map. */
  files: Record<string, string[]>
}

interface Kustomization {
  namespace?: string
  labels?: unknown
  images?: unknown
  resources?: string[]
  components?: string[]
  configMapGenerator?: {
    name: string
    envs?: string[]
    literals?: string[]
    files?: string[]
    behavior?: 'merge'
    options?: unknown
  }[]
  patches?: { target: { kind: string; name: string }; patch: string }[]
}

const KNOWN = [
  'apiVersion',
  'kind',
  'namespace',
  'labels',
  'images',
  'resources',
  'components',
  'configMapGenerator',
  'patches'
]

/** Builds the `kustomization.yaml` in `folder`. */
export function build(folder: string): Built {
  const file = join(folder, 'kustomization.yaml')
  const kustomization = parse(readFileSync(file, 'utf8')) as Kustomization
  for (const key of Object.keys(kustomization)) if (!KNOWN.includes(key)) throw new Error(`${file}: ${key}`)
  const built: Built = { namespace: kustomization.namespace ?? '', resources: [], settings: {}, files: {} }
  for (const name of [...(kustomization.resources ?? []), ...(kustomization.components ?? [])]) {
    const path = join(folder, name)
    if (!existsSync(path)) throw new Error(`${file} names ${name}`)
    if (!statSync(path).isDirectory()) built.resources.push(...readResources(path))
    else {
      const inner = build(path)
      built.resources.push(...inner.resources)
      Object.assign(built.settings, inner.settings)
      Object.assign(built.files, inner.files)
    }
  }
  for (const { name, envs = [], literals = [], files = [] } of kustomization.configMapGenerator ?? []) {
    const lines = envs.flatMap((env) => readFileSync(join(folder, env), 'utf8').split('\n'))
    for (const line of [...lines, ...literals]) {
      const [, key, value = ''] = /^([A-Z_0-9]+)=(.*)$/.exec(line) ?? []
      if (key !== undefined) built.settings[key] = value
      else if (line !== '' && !line.startsWith('#')) throw new Error(`${file}: ${line}`)
    }
    if (files.length > 0) built.files[name] = files.map((one) => join(folder, one))
  }
  for (const { target, patch } of kustomization.patches ?? []) {
    const resource = built.resources.find(
      ({ kind, metadata }) => kind === target.kind && metadata.name === target.name
    )
    if (!resource) throw new Error(`${file} patches a ${target.kind} ${target.name}`)
    for (const step of parse(patch) as { op: string; path: string; value: unknown }[]) replace(resource, step)
  }
  return built
}

/** The resources in a file. */
export function readResources(file: string): Resource[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]?.message}`)
    return document.toJS() as Resource
  })
}

/** RFC 6902, `replace` only. */
function replace(
  resource: Resource,
  { op, path, value }: { op: string; path: string; value: unknown }
): void {
  const keys = path.split('/').slice(1)
  const last = keys.pop()
  let at = resource as Record<string, unknown>
  for (const key of keys) at = at[key] as Record<string, unknown>
  if (op !== 'replace' || last === undefined || !(last in at)) throw new Error(`${op} of ${path}`)
  at[last] = value
}
