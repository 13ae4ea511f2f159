/** The target of a link as a redirect sends it. */

/**
 * Longest `Location` that a link may have, in bytes. Every client and proxy takes 8 KiB; the header buffers of
 * ops/nginx/fairlead.conf.template hold that and the other headers of an answer.
 */
export const MAX_LOCATION_BYTES = 8_192

/**
 * The url as a `Location` header can carry it: as it is, but for what is not visible ASCII. A host in other letters is spelt in
 * Punycode (RFC 3492), the rest is percent-encoded as UTF-8 (RFC 9110, section 5.5; RFC 3987, section 3.1). What is encoded
 * already is not encoded again.
 */
export function toLocation(url: string): string {
  if (/^[\x21-\x7e]*$/.test(url)) return url
  return withPlainHost(url)
    .toWellFormed()
    .replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}

function withPlainHost(url: string): string {
  const [, before = '', host = '', after = ''] =
    /^(https?:\/\/(?:[^/?#@]*@)?)([^/?#@:]+)(.*)$/is.exec(url) ?? []
  if (/^[\x21-\x7e]*$/.test(host)) return url
  const plain = URL.parse(`http://${host}/`)?.hostname
  return plain ? `${before}${plain}${after}` : url
}
