import { spawnSync } from 'node:child_process'
import { listFiles, ROOT, readText } from './sources.ts'

/**
 * Checks the wording of documents, comments and texts (`npm run check`), and commit subjects (`--commits`).
 * `--list` includes exempt files. CONTRIBUTING.md has the rules.
 */

/** Files that quote what is refused, or hold other programs. */
export const EXEMPT =
  /^apps\/(testing\/english|acceptance\/hostile-texts)(\.test)?\.ts$|^ops\/deploy\/kubernetes\.test\.ts$/

export interface Offence {
  file: string
  line: number
  reason: string
}

const WIDTH = 110
const COMMENT = /^\s*(\/\/|\/?\*)/
const PEOPLE =
  'user|users|people|person|visitor|visitors|operator|operators|administrator|administrators|those'

/** Words that turn software into people, and private phrases. `who` is for people. */
const WORDS: [pattern: RegExp, reason: string][] = [
  [/\b(who(m|so)?ever|(no|some|any|every)body)\b/i, 'software has callers, clients and errors'],
  [
    new RegExp(`(?<!\\b(${PEOPLE}),?) \\bwho\\b(?![^.]*\\?)|^\\W*who\\b(?![^.]*\\?)`, 'i'),
    'write “that”, or name the person'
  ],
  [/\b(is|are|was|were|be|been) (told|asked)\b/i, 'say what happens: reports, receives, sends, requests'],
  [/\b(what|that|which|who) (is|are|was|were) over\b/i, 'ended, expired or completed'],
  [/\bstands\b(?! for)/i, 'is'],
  [/\bleads? on\b/i, 'redirects, continues'],
  [/\bturns? of the event loop\b/i, 'event-loop tick'],
  [/\b(is|are) not good\b/i, 'invalid'],
  [/\bfor company\b/i, 'say what it waits for']
]

/** The offences in a file, without code in Markdown, quoted test names in tables. */
export function checkText(file: string, text: string): Offence[] {
  const isMarkdown = file.endsWith('.md')
  let isCode = false
  return text.split('\n').flatMap((content, index) => {
    if (isMarkdown && content.startsWith('```')) isCode = !isCode
    if (isCode) return []
    const prose = isMarkdown
      ? content.replace(/`[^`]*`: .*\|$|`[^`]*`|\]\([^)]*\)/g, '')
      : content.replace(/'nobody'/g, '')
    const reasons = WORDS.flatMap(([pattern, reason]) => {
      const found = pattern.exec(prose)?.[0].trim()
      return found === undefined ? [] : `“${found}”: ${reason}`
    })
    if (!isMarkdown && COMMENT.test(content) && content.length > WIDTH)
      reasons.push(`a comment of ${content.length} columns; wrap it at ${WIDTH}`)
    return reasons.map((reason) => ({ file, line: index + 1, reason }))
  })
}

const SUBJECT = /^(feat|fix|perf|refactor|docs|test|build|ci|chore|revert)(\([\w./-]+\))?!?: (\S+)/
const NO_VERB = /^(a|an|the|no|not|each|every|what|where|when|who|it|its|one|two|all|some|now|also)$/i
const NOT_IMPERATIVE =
  /(?<!s|cu|bia)s$|(?<!embe|ne|spe|fe|se|she|ble|exce|proce|succe)ed$|(?<!^br|^r|^str|^sw)ing$/

/** Why a commit subject is refused, if it is. */
export function checkSubject(subject: string): string | undefined {
  const [, , , verb = ''] = SUBJECT.exec(subject) ?? []
  if (verb === '') return 'not a conventional commit: type(scope): subject'
  if (subject.length > 72) return `${subject.length} characters; at most 72`
  if (NO_VERB.test(verb) || NOT_IMPERATIVE.test(verb)) return `“${verb}” is not an imperative`
}

/** The subjects are checked from the commit after this one. */
const FIRST_COMMIT = '2309769dbdb8ea614fc08666791db937fe4d0aea'

function checkCommits(): string[] {
  const range = ['log', '--no-merges', '--format=%h %s', `${FIRST_COMMIT}..HEAD`]
  const { status, stdout, stderr } = spawnSync('git', range, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) return [`git log failed: ${stderr.trim()}; fetch the whole history`]
  return stdout.split('\n').flatMap((line) => {
    const reason = line && checkSubject(line.slice(line.indexOf(' ') + 1))
    return reason ? `${line}: ${reason}` : []
  })
}

function checkFiles(withExempt: boolean): string[] {
  const files = [
    ...listFiles(['.'], /^[\w-]+\.md$/),
    ...listFiles(['docs', 'ops'], /(?<!third-party-notices)\.md$/),
    ...listFiles(['apps', 'plugins', 'schema', 'loadtest', 'ops'], /\.(ts|mjs)$/)
  ]
  return files
    .filter((file) => withExempt || !EXEMPT.test(file))
    .flatMap((file) => checkText(file, readText(file)))
    .map(({ file, line, reason }) => `${file}:${line}: ${reason}`)
}

if (import.meta.main) {
  const options = process.argv.slice(2)
  const offences = options.includes('--commits') ? checkCommits() : checkFiles(options.includes('--list'))
  for (const offence of offences) console.log(offence)
  if (offences.length > 0) process.exitCode = 1
}
