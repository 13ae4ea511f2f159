import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Brand, logoPath, textColorOn } from './brand.ts'
import { ANSWER_HEADERS } from './request-log.ts'

/** The frame of pages without scripts: for visitors of links, and for errors. */

const STYLE = [
  ':root{color-scheme:light dark;font:1.125rem/1.5 system-ui,sans-serif}',
  'body{max-width:34rem;margin:18vh auto;padding:0 1.5rem;overflow-wrap:anywhere}',
  'h1{font-size:1.75rem;line-height:1.2}',
  'small{opacity:.75}',
  'header{display:flex;gap:.75rem;align-items:center;margin:0 0 2rem;font-weight:600}',
  'header img{max-height:3rem;max-width:12rem}',
  'label{display:block}',
  'input,button,.button{box-sizing:border-box;font:inherit;padding:.5rem 1rem;border:1px solid;border-radius:.375rem}',
  'input{width:100%;margin:.25rem 0 1rem}',
  'button,.button{display:inline-block;background:CanvasText;color:Canvas;text-decoration:none;cursor:pointer}',
  ':focus-visible{outline:3px solid;outline-offset:2px}',
  '.target{font-weight:600}',
  '.warning{border-left:.375rem solid;padding-left:.75rem}'
].join('')

/** A page with a heading of its own in `body`, which is HTML. */
export interface Page {
  status: number
  language: string
  title: string
  body: string
  /** The sources that its form may lead to (CSP Level 3, section 6.4.1); without it there is no form. */
  formAction?: string
}

/** Sends pages. */
export type SendPage = (request: FastifyRequest, reply: FastifyReply, page: Page) => FastifyReply

/** Creates the function that sends pages with a brand. `publicPath` is the path of PUBLIC_URL. */
export function createFrame({ name, color, logo }: Partial<Brand> = {}, publicPath = ''): SendPage {
  const style =
    color === undefined
      ? STYLE
      : `${STYLE}html{border-top:.375rem solid ${color}}button,.button{background:${color};color:${textColorOn(color)};border-color:transparent}`
  const image = logo && `<img src="${publicPath}${logoPath(logo)}" alt="">`
  const header = image || name ? `<header>${image ?? ''}${escapeHtml(name ?? '')}</header>` : ''
  // The style by its hash (CSP Level 3, section 8.3), our own logo and favicon, and no script or frame.
  const hash = createHash('sha256').update(style).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'`

  return (request, reply, { status, language, title, body, formAction }) =>
    reply
      .code(status)
      .headers({
        ...ANSWER_HEADERS,
        'content-security-policy': `${policy}; form-action ${formAction ?? "'none'"}`,
        // With no-referrer, browsers send `Origin: null` with a form, as if it came from another site.
        ...(formAction !== undefined && { 'referrer-policy': 'same-origin' }),
        'x-request-id': request.id
      })
      .type('text/html; charset=utf-8')
      .send(
        renderDocument({
          language,
          title: name === undefined ? title : `${title} · ${name}`,
          body: `${header}<main>${body}</main>`,
          style
        })
      )
}

/** Renders a page. `body` is HTML. */
export function renderDocument({
  language = 'en',
  title,
  body,
  style = ''
}: {
  language?: string
  title: string
  body: string
  style?: string
}): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
${style === '' ? '' : `<style>${style}</style>`}
</head>
<body>
${body}
</body>
</html>
`
}

/** Escapes the five characters with a meaning in HTML text and attributes (HTML, section 13.1.4). */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
