/**
 * Runs in the pages of `npm run dashboard`: reloads after a build, and shows the errors of a failed one.
 * Styles are set through the CSSOM, which the content security policy allows.
 */

const note = document.createElement('pre')
note.id = 'build-errors'
note.setAttribute('role', 'alert')
Object.assign(note.style, {
  position: 'fixed',
  inset: '0',
  zIndex: '9',
  margin: '0',
  padding: '2rem',
  overflow: 'auto',
  whiteSpace: 'pre-wrap',
  background: '#1a0d0c',
  color: '#ffd9d6',
  font: '14px/1.5 ui-monospace, monospace'
})

const { base = '' } = document.documentElement.dataset
/** The build of this page; null until the first message. */
let build: number | null = null

new EventSource(`${base}/dashboard/live`).onmessage = ({ data }) => {
  const { number, errors } = JSON.parse(data) as { number: number; errors: string | null }
  if (errors !== null) {
    note.textContent = errors
    document.body.append(note)
  } else if (build !== null && (build !== number || note.isConnected)) {
    location.reload()
  }
  if (errors === null) build = number
}
