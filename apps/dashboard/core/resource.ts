import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type Part, type ReadList, readPart } from './pages.ts'

/** Data of the API in components. What was read before shows at once while it is read again. */

export interface Resource<T> {
  data: T | undefined
  error: unknown
  isLoading: boolean
  reload(): void
  /** Replaces the data, as an edit does before the server confirms it. */
  set(data: T): void
}

const CACHED = 50
const cache = new Map<string, unknown>()

function remember(key: string, value: unknown): void {
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
  const isCurrent = state.key === key
  return {
    data: isCurrent ? state.data : (cache.get(key) as T | undefined),
    error: isCurrent ? state.error : undefined,
    isLoading: isCurrent ? state.isLoading : true,
    reload: useCallback(() => setRound((last) => last + 1), []),
    set
  }
}

export interface List<Row> extends Resource<Part<Row>> {
  /** Reads the next part; does nothing while one is being read. */
  more(): void
  isReadingMore: boolean
}

/** A list of the API that grows by {@link List.more}. A new `key` begins a new list. */
export function useList<Row>(key: string, read: ReadList<Row>): List<Row> {
  const list = useResource<Part<Row>>(key, (signal) => readPart(read, null, signal))
  const [isReadingMore, setReading] = useState(false)
  const reading = useRef<string | null>(null)
  async function more(): Promise<void> {
    const { data } = list
    if (data === undefined || data.next === null || reading.current !== null) return
    reading.current = key
    setReading(true)
    try {
      const part = await readPart(read, data.next, new AbortController().signal)
      if (reading.current === key) list.set({ ...part, rows: [...data.rows, ...part.rows] })
    } catch {
      // Scrolling again, or the button, repeats it.
    } finally {
      reading.current = null
      setReading(false)
    }
  }
  return { ...list, more: () => void more(), isReadingMore }
}
