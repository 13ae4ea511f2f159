import { computed, effect, signal } from '@preact/signals'
import { ApiError } from '#apps/client/api-error.ts'
import type { Scope } from '#schema/shapes/key.ts'
import type { Session } from '#schema/shapes/session.ts'
import { api, watchAnswers } from './api.ts'
import { onOtherTab, tellSession } from './other-tabs.ts'
import { forgetData } from './resource.ts'
import { writePreference } from './storage.ts'

/** The session of this browser. */

export const session = signal<Session | null>(null)

/** True if a session has ended while the page was in use. The page stays, with what was typed. */
export const hasEnded = signal(false)

/** Whose session it is. A user's keys and sessions see the same data. */
export const owner = computed(() => {
  const { user_id = null, key_id = null } = session.value ?? {}
  return user_id === null ? `key ${key_id}` : `user ${user_id}`
})

const scopes = computed(() => new Set<string>(session.value?.scopes ?? []))

/** True if the session permits the operation. The server checks each request itself. */
export function may(scope: Scope): boolean {
  return scopes.value.has(scope)
}

/** Reads the session. Leaves it null without one; throws if the server does not answer. */
export async function readSession(): Promise<void> {
  session.value = await readOwn()
}

async function readOwn(): Promise<Session | null> {
  try {
    return await api.session.get()
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
    return null
  }
}

/** The server has begun a session, and the browser has not kept its cookie. */
export class CookieLost extends Error {
  override readonly name = 'CookieLost'
}

/** Begins a session with a key. Throws an {@link ApiError}, or {@link CookieLost}. */
export async function signIn(key: string): Promise<void> {
  await api.session.signIn({ key })
  const next = await readOwn()
  if (next === null) throw new CookieLost()
  replaceSession(next)
  tellSession()
}

/** Shows the pages of `next`; they stay as they are if it has the same owner. */
function replaceSession(next: Session): void {
  const before = owner.value
  session.value = next
  if (owner.value !== before) forgetData()
  hasEnded.value = false
}

export async function signOut(): Promise<void> {
  await api.session.signOut()
  forgetData()
  session.value = null
  hasEnded.value = false
  tellSession()
}

/** Another tab has signed in or out. A page that is in use stays, with what was typed. */
function followOtherTab(): void {
  readOwn().then(
    (next) => next && replaceSession(next),
    () => undefined
  )
}

// With a session, the next page requests its first data at once (early.ts).
effect(() => writePreference('signed-in', session.value && 'true'))
onOtherTab('session', followOtherTab)
// A sign-in at the provider ends in another tab, which tells nothing.
addEventListener('visibilitychange', () => {
  if (hasEnded.peek() && !document.hidden) followOtherTab()
})

watchAnswers((status) => {
  if (status === 401 && session.value !== null) hasEnded.value = true
})
