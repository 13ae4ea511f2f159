import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const TEMPLATE = join(import.meta.dirname, 'fairlead.conf.template')

/** What the template leaves open, without FAIRLEAD_ before the names; its head says what each is. */
export interface SiteOptions {
  LISTEN: string
  UPSTREAM: string
  TRUSTED?: string
  RATE?: string
  BURST?: string
  BODY?: string
  ACCESS_LOG?: string
}

const DEFAULTS = { TRUSTED: 'unix:', RATE: '100', BURST: '400', BODY: '2m', ACCESS_LOG: 'off' }

/** One client that is all clients: for load that comes from one address. */
export const UNLIMITED = { RATE: '1000000', BURST: '1000000' }

/** Gives the site's configuration, which goes into nginx's http block. */
export function renderSite(options: SiteOptions): string {
  const values: Record<string, string> = { ...DEFAULTS, ...options }
  return readFileSync(TEMPLATE, 'utf8').replace(
    /\$\{FAIRLEAD_(\w+)\}/g,
    (all, name: string) => values[name] ?? all
  )
}

/** The upstream of replicas, each as `host:port`. max_fails=0: see the template's head. */
export function upstreamOf(hosts: readonly string[]): string {
  return hosts.map((host) => `server ${host} max_fails=0;`).join(' ')
}

/** Lines for the http block of an nginx that keeps all its files in `folder`. */
export function filesIn(folder: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n')
}
