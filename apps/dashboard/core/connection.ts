import { signal } from '@preact/signals'
import { api, watchAnswers } from './api.ts'

/** True while the server does not answer. */
export const isOffline = signal(!navigator.onLine)

/** True if a file of this page is gone, because the server has a newer release. */
export const isOutdated = signal(false)

/** Loads a part of the application. If an answering server lacks it, the release has changed. */
export async function loadPart<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    await retryConnection()
    isOutdated.value = !isOffline.value
    throw error
  }
}

/** Asks the server again. */
export async function retryConnection(): Promise<void> {
  await api.session.get().catch(() => undefined)
}

watchAnswers((status) => {
  isOffline.value = status === 0
})
addEventListener('offline', () => {
  isOffline.value = true
})
addEventListener('online', () => void retryConnection())
