/**
 * Runs before the first paint, so that neither the theme nor the language flashes. It imports nothing: a
 * classic script can't.
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
}
