/** Names a link: its code, within the code space of a domain. */
export interface LinkKey {
  /** Host of the domain; empty for the default domain. */
  domain: string
  code: string
}

/**
 * Encodes a key for caches, batches and clicks: the bare code in the default domain, else `domain/code`.
 * Neither a host nor a code contains a slash.
 */
export function encodeLinkKey({ domain, code }: LinkKey): string {
  return domain === '' ? code : `${domain}/${code}`
}

export function decodeLinkKey(text: string): LinkKey {
  const slash = text.indexOf('/')
  return slash === -1
    ? { domain: '', code: text }
    : { domain: text.slice(0, slash), code: text.slice(slash + 1) }
}
