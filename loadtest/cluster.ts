import { filesIn, renderSite, UNLIMITED, upstreamOf } from '#ops/nginx/render.ts'
import type { Server } from '#testing/server-process.ts'
import { startNginx } from '#testing/servers.ts'
import { loadSeeds } from './links.ts'
import { type MeasuredProcess, startServer, startWorker } from './measured.ts'
import { startTestbed, type Testbed } from './testbed.ts'

/** An installation as it is run in earnest: PostgreSQL, Redis, replicas, a worker that stores clicks, and nginx. */
export interface Cluster {
  /** Where nginx listens. */
  readonly url: string
  readonly replicas: MeasuredProcess[]
  readonly testbed: Testbed
  remove(): Promise<void>
}

/** Starts `count` replicas behind nginx and loads the seed set through its bulk routes. */
export async function startCluster(count: number): Promise<Cluster> {
  const testbed = await startTestbed()
  const replicas: MeasuredProcess[] = []
  let nginx: Server | undefined
  let worker: MeasuredProcess | undefined
  const remove = async () => {
    await nginx?.remove()
    await Promise.all(replicas.map((one) => one.stop()))
    await worker?.stop()
    await testbed.remove()
  }
  try {
    // One after the other: on few cores that is no slower.
    for (let index = 0; index < count; index++) {
      const env = {
        ...testbed.env(true),
        REPLICAS: `${count + 1}`,
        TRUST_PROXY: '127.0.0.1',
        CLICK_DRAIN: 'off'
      }
      replicas.push(await startServer({ env }))
    }
    worker = await startWorker({ env: { ...testbed.env(true), REPLICAS: `${count + 1}` } })
    const upstream = upstreamOf(replicas.map(({ url }) => new URL(url).host))
    nginx = await startNginx(null, (port, folder) =>
      configure(renderSite({ LISTEN: `127.0.0.1:${port}`, UPSTREAM: upstream, ...UNLIMITED }), folder)
    )
    await loadSeeds(nginx.url)
    return { url: nginx.url, replicas, testbed, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** What stands around the site in a real nginx.conf, with all files in `folder`. */
function configure(site: string, folder: string): string {
  return `worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 8192; }
http {
${filesIn(folder)}
${site}
}
`
}
