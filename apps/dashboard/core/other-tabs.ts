/** Messages between the tabs of this browser. Without a channel, each tab finds out by its next request. */

type Message = 'session' | 'theme' | 'language'

const receivers = new Map<Message, () => void>()
let channel: BroadcastChannel | null = null
try {
  channel = new BroadcastChannel('fairlead')
  channel.onmessage = ({ data }: MessageEvent<Message>) => receivers.get(data)?.()
} catch {
  // The browser blocks storage, and channels with it.
}

/** Tells the other tabs that something has changed, after it was stored. */
export function tellOtherTabs(message: Message): void {
  channel?.postMessage(message)
}

/** Calls `receive` when another tab has changed it. */
export function onOtherTab(message: Message, receive: () => void): void {
  receivers.set(message, receive)
}
