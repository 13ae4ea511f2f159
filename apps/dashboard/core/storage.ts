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
  try {
    // biome-ignore lint/suspicious/noDocumentCookie: the cookie store is asynchronous, and https only
    document.cookie = 'fairlead_probe=1; SameSite=Strict'
    const isKept = document.cookie.includes('fairlead_probe=1')
    // biome-ignore lint/suspicious/noDocumentCookie: as above
    document.cookie = 'fairlead_probe=; SameSite=Strict; Max-Age=0'
    return isKept
  } catch {
    return false
  }
}
