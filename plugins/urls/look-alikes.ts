import { domainToUnicode } from 'node:url'

/**
 * Host names that may be mistaken for others. Most are legitimate, so the API accepts them with a warning.
 * The rules are those of Unicode Technical Standard 39 (section 5.2, Highly Restrictive), plus names made
 * only of letters that look Latin.
 */

/**
 * Scripts that one label may mix (UTS 39, table 1 of section 5.2). Characters of no script are always
 * allowed.
 */
const TOGETHER = [
  /^[\p{Script=Latin}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]*$/u,
  /^[\p{Script=Latin}\p{Script=Han}\p{Script=Bopomofo}]*$/u,
  /^[\p{Script=Latin}\p{Script=Han}\p{Script=Hangul}]*$/u
]
const LETTERS = /[^\p{Script=Common}\p{Script=Inherited}]/gu

/** Scripts that domain names use. A label in any other script passes. */
const SCRIPTS = [
  'Latin', 'Cyrillic', 'Greek', 'Armenian', 'Georgian', 'Hebrew', 'Arabic', 'Devanagari', 'Bengali', 'Thai', 'Lao', 'Khmer',
  'Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo', 'Cherokee', 'Ethiopic', 'Tamil', 'Telugu'
].map((name) => new RegExp(`\\p{Script=${name}}`, 'u')) // biome-ignore format: a list of words reads better as a paragraph

/** Cyrillic letters that look like Latin ones (the set of Chromium's IDN spoof checker). */
const LOOKS_LATIN = /^[асԁеһіјӏорԗԛѕԝхуъЬҽпгѵѡ\d-]+$/

/**
 * Returns the warnings about the host of `url` as sentences for the client; usually none. Takes an absolute
 * URL, whose host is in Unicode or in Punycode.
 */
export function warnOfHost(url: string): string[] {
  const { hostname = '' } = URL.parse(url) ?? {}
  // Without a label in Punycode the host is ASCII.
  if (!/(^|\.)xn--/.test(hostname)) return []
  const labels = domainToUnicode(hostname).split('.')
  const top = labels.at(-1) ?? ''
  const mixed = labels.filter(isMixed)
  const alike = labels
    .slice(0, -1)
    .filter((label) => isAscii(top) && !isAscii(label) && LOOKS_LATIN.test(label))
  return [
    ...mixed.map((label) => `The host ${hostname} mixes scripts (${label}): it may pass for another`),
    ...alike.map((label) => `The host ${hostname} looks like Latin letters and is not (${label})`)
  ]
}

function isMixed(label: string): boolean {
  const letters = label.match(LETTERS)?.join('') ?? ''
  if (SCRIPTS.filter((script) => script.test(letters)).length < 2) return false
  return !TOGETHER.some((scripts) => scripts.test(letters))
}

function isAscii(text: string): boolean {
  return /^[\x21-\x7e]*$/.test(text)
}
