import { negotiate } from '@fastify/accept-negotiator'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Brand } from '#platform/http/brand.ts'
import { addVary, prefersHtml } from '#platform/http/error-page.ts'
import { sendProblem } from '#platform/http/errors.ts'
import { createFrame, escapeHtml } from '#platform/http/frame.ts'
import { ANSWER_HEADERS } from '#platform/http/request-log.ts'
import type { ProblemError } from '#platform/problem/problem.ts'
import type { LinkPreview } from '#schema/shapes/link-preview.ts'
import { MAX_PASSWORD_LENGTH } from '#schema/shapes/url.ts'
import { renderPreview } from './preview.ts'
import { type Language, TEXTS, type Texts } from './texts.ts'

/** The pages for visitors of links. Clients that do not prefer HTML get the same as JSON. */
export interface VisitorPages {
  /** A problem with the password of a link is a form. */
  sendProblem(problem: ProblemError, request: FastifyRequest, reply: FastifyReply): FastifyReply
  sendPreview(preview: LinkPreview, request: FastifyRequest, reply: FastifyReply): FastifyReply
  /**
   * Sends the preview of a limited link to a client whose request is no visit, without the target. Only the
   * JSON of a GET needs `load`.
   */
  sendHidden(request: FastifyRequest, reply: FastifyReply, load: () => Promise<LinkPreview>): Promise<void>
  sendLanding(request: FastifyRequest, reply: FastifyReply): FastifyReply
}

export interface PageOptions {
  brand: Brand
  /** The path of PUBLIC_URL. */
  publicPath: string
  /** URL schemes that targets may have. */
  schemes: readonly string[]
}

interface Content {
  title: string
  /** HTML below the heading. */
  body: string
}

export function createPages({ brand, publicPath, schemes }: PageOptions): VisitorPages {
  const sendPage = createFrame(brand, publicPath)
  // A form redirects to the target in the end, and browsers check each of its redirects.
  const formAction = ["'self'", ...schemes.map((scheme) => `${scheme}:`)].join(' ')

  function send(
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    contentOf: (texts: Texts, language: Language) => Content,
    hasForm = false
  ): FastifyReply {
    addVary(reply, 'Accept-Language')
    const language = languageOf(request)
    const { title, body } = contentOf(TEXTS[language], language)
    return sendPage(request, reply, {
      status,
      language,
      title,
      body: `<h1>${escapeHtml(title)}</h1>\n${body}`,
      ...(hasForm && { formAction })
    })
  }

  return {
    sendProblem(problem, request, reply) {
      addVary(reply, 'Accept')
      if (!prefersHtml(request.headers.accept)) return sendProblem(problem, request, reply)
      if (!problem.code.startsWith('LINK_PASSWORD_'))
        return send(request, reply, problem.statusCode, (texts) => renderProblem(problem, request.id, texts))
      const isWrong = problem.code === 'LINK_PASSWORD_WRONG'
      // RFC 9110, section 11.6.1, requires a challenge. Browsers show the page for one that they do not know.
      reply.header('www-authenticate', 'Form realm="link"')
      send(request, reply, problem.statusCode, ({ password }) => renderForm(password, isWrong), true)
      return reply
    },
    sendPreview(preview, request, reply) {
      addVary(reply, 'Accept')
      if (!prefersHtml(request.headers.accept)) return reply.send(preview)
      return send(request, reply, 200, (texts, language) =>
        renderPreview(preview, texts, language, `${publicPath}${linkPathOf(request)}`)
      )
    },
    async sendHidden(request, reply, load) {
      if (prefersHtml(request.headers.accept)) {
        addVary(reply, 'Accept')
        send(request, reply, 200, ({ preview: { title, hidden } }) => ({ title, body: `<p>${hidden}</p>` }))
        return
      }
      const preview = request.method === 'HEAD' ? '' : JSON.stringify(await load())
      addVary(reply, 'Accept')
      reply.headers({ ...ANSWER_HEADERS, 'x-request-id': request.id })
      reply.type('application/json; charset=utf-8').send(preview)
    },
    sendLanding: (request, reply) =>
      send(request, reply, 200, ({ landing: { title, text } }) => ({ title, body: `<p>${text}</p>` }))
  }
}

/** The language of the pages for a request: English unless the client prefers German of any region. */
function languageOf({ headers }: FastifyRequest): Language {
  const accepted = headers['accept-language']?.toLowerCase().replace(/\b([a-z]{2,3})(-[a-z\d]+)+/g, '$1')
  return negotiate<Language>(accepted ?? '', ['en', 'de']) ?? 'en'
}

/** The path of a link, from the path of its preview. */
function linkPathOf({ url }: FastifyRequest): string {
  return url.replace(/\+\/?(\?.*)?$/, '')
}

function renderProblem({ code }: ProblemError, requestId: string, texts: Texts): Content {
  const [title, text] = texts.problems[code] ?? texts.unavailable
  const body = `<p>${text}</p>\n<p><small>${texts.request} ${escapeHtml(requestId)}</small></p>`
  return { title, body }
}

/** The schema counts code points, browsers count UTF-16 units: up to two each. */
function renderForm({ title, text, label, wrong, send }: Texts['password'], isWrong: boolean): Content {
  const failure = isWrong ? `<p class="warning" role="alert" id="wrong">${wrong}</p>\n` : ''
  const invalid = isWrong ? ' aria-invalid="true" aria-describedby="wrong"' : ''
  const body = `<p>${text}</p>
${failure}<form method="post">
<label for="password">${label}</label>
<input id="password" name="password" type="password" required maxlength="${2 * MAX_PASSWORD_LENGTH}" autocomplete="off" autofocus${invalid}>
<button>${send}</button>
</form>`
  return { title, body }
}
