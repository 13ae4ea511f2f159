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
