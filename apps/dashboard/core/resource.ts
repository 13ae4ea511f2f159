import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

/** Data of the API in components. What was read before shows at once while it is read again. */

export interface Resource<T> {
  data: T | undefined
  error: unknown
  isLoading: boolean
  reload(): void
  /** Replaces the data, as an edit does before the server confirms it. */
  set(data: T): void
  /** Changes the data that is shown, if there is any; a read that is under way goes on. */
  update(change: (data: T) => T): void
}

const CACHED = 50
const cache = new Map<string, unknown>()

/** Keeps data that another part is about to read by `key`. */
export function remember(key: string, value: unknown): void {
  cache.delete(key)
  cache.set(key, value)
  for (const oldest of cache.keys()) {
    if (cache.size <= CACHED) return
    cache.delete(oldest)
  }
}

/** Forgets all data, as after a sign-out. */
export function forgetData(): void {
  cache.clear()
}

/** Reads by `load` for each new `key`, and aborts what is no longer needed. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: unknown; isLoading: boolean }>({
    key: '',
    isLoading: true
  })
  const [round, setRound] = useState(0)
  const loader = useRef(load)
  loader.current = load

  useEffect(() => {
    const controller = new AbortController()
    const known = cache.get(key) as T | undefined
    setState({ key, ...(known !== undefined && { data: known }), isLoading: true })
    loader.current(controller.signal).then(
      (data) => {
        if (controller.signal.aborted) return
        remember(key, data)
        setState({ key, data, isLoading: false })
      },
      (error) => {
        if (controller.signal.aborted) return
        setState((last) => ({ ...last, error, isLoading: false }))
      }
    )
    return () => controller.abort()
  }, [key, round])

  const set = useCallback(
    (data: T) => {
      remember(key, data)
      setState({ key, data, isLoading: false })
    },
    [key]
  )
  const update = useCallback(
    (change: (data: T) => T) =>
      setState((last) => {
        if (last.key !== key || last.data === undefined) return last
        const data = change(last.data)
        remember(key, data)
        return { ...last, data }
      }),
    [key]
  )
  const isCurrent = state.key === key
  return {
    data: isCurrent ? state.data : (cache.get(key) as T | undefined),
    error: isCurrent ? state.error : undefined,
    isLoading: isCurrent ? state.isLoading : true,
    reload: useCallback(() => setRound((last) => last + 1), []),
    set,
    update
  }
}
