import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { filesIn, renderSite, UNLIMITED, upstreamOf } from '#ops/nginx/render.ts'
import { answers } from '#testing/answers.ts'
import { findPort } from '#testing/server-process.ts'
import { nginxProgram } from '#testing/server-programs.ts'
import type { Unit } from './supervisor.ts'

/** nginx before the replicas. */

export interface NginxUnit extends Unit {
  /** The status page for nginx's exporter; only this machine can reach it. */
  statusUrl: string
}

/** nginx with the shipped site, before `replicas`, each as `host:port`; its files are in `folder`. */
export async function makeProxy(
  folder: string,
  port: number,
  replicas: readonly string[]
): Promise<NginxUnit> {
  const home = join(folder, 'nginx')
  await mkdir(home, { recursive: true })
  const statusPort = await findPort()
  const statusUrl = `http://127.0.0.1:${statusPort}/status`
  const site = renderSite({
    LISTEN: `127.0.0.1:${port}`,
    UPSTREAM: upstreamOf(replicas),
    ACCESS_LOG: `${join(folder, 'logs', 'access.json')} fairlead buffer=64k flush=1s`,
    // All load of one machine comes from one address.
    ...UNLIMITED
  })
  const config = `worker_processes auto;
pid ${home}/nginx.pid;
events { worker_connections 8192; }
http {
${filesIn(home)}
server {
    listen 127.0.0.1:${statusPort};
    access_log off;
    location = /status { stub_status; }
}
${site}
}
`
  await writeFile(join(home, 'nginx.conf'), config)
  return {
    ...nginxProgram(port, home),
    name: 'nginx',
    statusUrl,
    isReady: () => answers(statusUrl)
  }
}
