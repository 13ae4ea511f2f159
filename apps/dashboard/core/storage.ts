/** Preferences of this browser. Without storage they last as long as the page. */

export function readPreference(name: string): string | null {
  try {
    return localStorage.getItem(`fairlead.${name}`)
  } catch {
    return null
  }
}

/** Stores the preference; null removes it. */
export function writePreference(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`fairlead.${name}`)
    else localStorage.setItem(`fairlead.${name}`, value)
  } catch {
    // The browser blocks storage.
  }
}

/** True if the browser keeps cookies. Chromium may block them and have `navigator.cookieEnabled` true. */
export function keepsCookies(): boolean {
  const writeProbe = (rest: string) => {
    // biome-ignore lint/suspicious/noDocumentCookie: the cookie store is asynchronous, and https only
    document.cookie = `fairlead_probe=${rest}; SameSite=Strict`
  }
  try {
    writeProbe('1')
    const isKept = document.cookie.includes('fairlead_probe=1')
    writeProbe('; Max-Age=0')
    return isKept
  } catch {
    return false
  }
}
