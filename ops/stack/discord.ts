import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A message as Alertmanager sends it (Discord developer documentation, "Execute Webhook"). */
export interface DiscordMessage {
  content: string
  embeds: { title: string; description: string; color: number }[]
}

/** Stands in for Discord: takes what is posted to its webhook and keeps the last of it. */
export interface Discord {
  /** What to post to. */
  readonly webhookUrl: string
  readonly messages: readonly DiscordMessage[]
  close(): Promise<void>
}

const KEPT = 1_000

/** Listens on a free port of this machine: `POST` of a message, `GET` of all that came. */
export async function startDiscord(): Promise<Discord> {
  const messages: DiscordMessage[] = []
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(messages, null, 1))
      return
    }
    try {
      messages.push(JSON.parse(await text(request)) as DiscordMessage)
      if (messages.length > KEPT) messages.shift()
      response.writeHead(204).end()
    } catch {
      response.writeHead(400).end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    webhookUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/webhooks/stand-in`,
    messages,
    async close() {
      server.close()
      server.closeAllConnections()
    }
  }
}
