import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A message from Alertmanager (Discord developer documentation, "Execute Webhook"). */
export interface DiscordMessage {
  content: string
  embeds: { title: string; description: string; color: number }[]
}

/** A replacement for Discord: accepts posts to its webhook and keeps the latest ones. */
export interface Discord {
  /** The address for posts. */
  readonly webhookUrl: string
  readonly messages: readonly DiscordMessage[]
  close(): Promise<void>
}

const KEPT = 1_000

/** Listens on a free port of this machine: `POST` adds a message, `GET` returns all. */
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
