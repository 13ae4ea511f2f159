import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the site's template leaves open, without FAIRLEAD_ before the names; its head says what each is. */
export interface SiteOptions {
  LISTEN: string
  UPSTREAM: string
  TRUSTED?: string
  RATE?: string
  BURST?: string
  BODY?: string
  ACCESS_LOG?: string
}

/** The same for tls.conf.template. */
export interface TlsOptions {
  HTTP_LISTEN: string
  CERTIFICATE: string
  KEY: string
  ACME_ROOT: string
}

const DEFAULTS = { TRUSTED: 'unix:', RATE: '100', BURST: '400', BODY: '2m', ACCESS_LOG: 'off' }

/** One client that is all clients: for load that comes from one address. */
export const UNLIMITED = { RATE: '1000000', BURST: '1000000' }

/** Gives the site's configuration, which goes into nginx's http block. */
export function renderSite(options: SiteOptions): string {
  return render('fairlead.conf.template', { ...DEFAULTS, ...options })
}

/** Gives what goes beside it for TLS. */
export function renderTls(options: TlsOptions): string {
  return render('tls.conf.template', { ...options })
}

function render(template: string, values: Record<string, string>): string {
  return readFileSync(join(import.meta.dirname, template), 'utf8').replace(
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
