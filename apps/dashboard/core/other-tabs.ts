import { writePreference } from './storage.ts'

/** Changes in other tabs of this browser. Without storage, each tab finds out by its next request. */

const receivers = new Map<string, () => void>()

/** Calls `receive` when another tab has changed the preference `name`. */
export function onOtherTab(name: string, receive: () => void): void {
  receivers.set(`fairlead.${name}`, receive)
}

addEventListener('storage', ({ key }) => receivers.get(key ?? '')?.())

/** Tells the other tabs that the session is another one. The value only has to differ from the last. */
export function tellSession(): void {
  writePreference('session', String(Date.now()))
}
