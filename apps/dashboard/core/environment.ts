/** What the server wrote into the page. */

const { base = '', auth = 'open', oidc = 'false', version = '' } = document.documentElement.dataset

/** The path of PUBLIC_URL, without a trailing slash. */
export const BASE = base
export const HOME = `${base}/dashboard`
export const VERSION = version
export const isOpen = auth === 'open'
export const signsInAtProvider = oidc === 'true'
