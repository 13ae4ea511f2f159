/**
 * Runs before the first paint, so that neither the theme nor the language flashes, and sends the first
 * requests while the application loads. It imports nothing: a classic script can't.
 */
{
  const read = (name: string): string | null => {
    try {
      return localStorage.getItem(`fairlead.${name}`)
    } catch {
      return null
    }
  }
  const { documentElement: root } = document
  const theme = read('theme')
  if (theme === 'light' || theme === 'dark') root.dataset['theme'] = theme
  const wanted = [read('language'), ...navigator.languages].map((tag) => tag?.slice(0, 2))
  root.lang = wanted.find((tag) => tag === 'en' || tag === 'de') ?? 'en'

  const { base = '', auth } = root.dataset
  const paths = ['/session']
  // The list as its address without a query shows it. Without a session it would be refused.
  const isList = location.pathname === `${base}/dashboard` && location.search === ''
  if (isList && (auth === 'open' || read('signed-in') !== null)) paths.push('/urls?sort=-id&count=true')
  window.earlyAnswers = new Map()
  for (const path of paths) {
    const answer = fetch(base + path, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000)
    })
    // The application handles a failure when it takes the answer.
    answer.catch(() => undefined)
    window.earlyAnswers.set(base + path, answer)
  }
}
