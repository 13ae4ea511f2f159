/** What the server wrote into the page. */

const {
  base = '',
  auth = 'open',
  oidc = 'false',
  version = '',
  limit = ''
} = document.documentElement.dataset

/** The path of PUBLIC_URL, without a trailing slash. */
export const BASE = base
export const HOME = `${base}/dashboard`
export const VERSION = version
/** Maximum bytes of a file to import; 0 if unknown. */
export const UPLOAD_LIMIT = Number(limit) || 0
export const isOpen = auth === 'open'
export const signsInAtProvider = oidc === 'true'
