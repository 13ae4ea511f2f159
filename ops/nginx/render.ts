import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The variables of the site's template, without the prefix FAIRLEAD_. The template's head documents them. */
export interface SiteOptions {
  LISTEN: string
  UPSTREAM: string
  TRUSTED?: string
  RATE?: string
  BURST?: string
  BODY?: string
  ACCESS_LOG?: string
}

/** The variables of tls.conf.template, likewise. */
export interface TlsOptions {
  HTTP_LISTEN: string
  CERTIFICATE: string
  KEY: string
  ACME_ROOT: string
}

const DEFAULTS = { TRUSTED: 'unix:', RATE: '100', BURST: '400', BODY: '2m', ACCESS_LOG: 'off' }

/** Limits for load whose clients share one address. */
export const UNLIMITED = { RATE: '1000000', BURST: '1000000' }

/** Renders the site's configuration, for nginx's http block. */
export function renderSite(options: SiteOptions): string {
  return render('fairlead.conf.template', { ...DEFAULTS, ...options })
}

/** Renders the additional configuration for TLS. */
export function renderTls(options: TlsOptions): string {
  return render('tls.conf.template', { ...options })
}

function render(template: string, values: Record<string, string>): string {
  return readFileSync(join(import.meta.dirname, template), 'utf8').replace(
    /\$\{FAIRLEAD_(\w+)\}/g,
    (all, name: string) => values[name] ?? all
  )
}

/** The upstream of replicas, each as `host:port`. The template's head explains max_fails=0. */
export function upstreamOf(hosts: readonly string[]): string {
  return hosts.map((host) => `server ${host} max_fails=0;`).join(' ')
}

/** Lines for the http block that make nginx keep all its files in `folder`. */
export function filesIn(folder: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n')
}
