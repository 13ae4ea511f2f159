import { ApiError } from '#apps/client/api-error.ts'
import { errorOf } from '#apps/client/send.ts'
import { report } from '#dashboard/core/api.ts'
import { BASE } from '#dashboard/core/environment.ts'
import type { ImportReport, OnConflict, SetReport } from '#schema/shapes/import-report.ts'
import { type Content, KIND_NAMES, type KindName } from './kinds.ts'

/** Sends files to import. The browser streams them from the disk; `fetch` has no progress of an upload. */

export interface ChosenFile extends Content {
  file: File
}

export interface Sending {
  result: Promise<SetReport>
  cancel(): void
}

/**
 * Sends one file, or several of one format as a set. `onProgress` gets the sent bytes of the whole request.
 */
export function sendFiles(
  files: readonly ChosenFile[],
  onConflict: OnConflict,
  onProgress: (sent: number) => void
): Sending {
  const request = new XMLHttpRequest()
  const [first] = files
  const name = files.length === 1 && first ? first.kind : 'sets'
  const result = new Promise<SetReport>((done, fail) => {
    request.upload.onprogress = ({ loaded }) => onProgress(loaded)
    request.onload = () => {
      report(request.status)
      try {
        if (request.status !== 201) throw new Error('The import was refused')
        done(readReports(name, request.responseText))
      } catch {
        fail(errorOf(toResponse(request), request.responseText))
      }
    }
    request.onabort = () => fail(new DOMException('The upload was cancelled', 'AbortError'))
    request.onerror = () => void explainFailure(files).then(fail)
  })
  request.open('POST', `${BASE}/${name}/bulk?${new URLSearchParams({ on_conflict: onConflict })}`)
  request.setRequestHeader('accept', 'application/json')
  const isJson = first?.isJson === true
  if (name === 'sets' && !isJson) request.send(toForm(files))
  else {
    request.setRequestHeader('content-type', isJson ? 'application/json' : 'text/csv')
    request.send(name === 'sets' ? toJson(files) : first?.file)
  }
  return { result, cancel: () => request.abort() }
}

function readReports(name: KindName | 'sets', text: string): SetReport {
  const reports: unknown = JSON.parse(text)
  return name === 'sets' ? (reports as SetReport) : { [name]: reports as ImportReport }
}

/** The server reads the files of a set in one order. */
function toForm(files: readonly ChosenFile[]): FormData {
  const form = new FormData()
  for (const kind of KIND_NAMES)
    for (const { file } of files.filter((one) => one.kind === kind)) form.append(kind, file, `${kind}.csv`)
  return form
}

/** One object with the array of each file, which the browser reads while it sends it. */
function toJson(files: readonly ChosenFile[]): Blob {
  const members = files.flatMap(({ kind, file }, index) => [index > 0 ? ',' : '{', `"${kind}":`, file])
  return new Blob([...members, '}'])
}

function toResponse(request: XMLHttpRequest): Response {
  const headers = new Headers()
  for (const line of request.getAllResponseHeaders().trim().split('\r\n')) {
    const at = line.indexOf(':')
    if (at > 0) headers.append(line.slice(0, at), line.slice(at + 1).trim())
  }
  return new Response(null, { status: request.status, headers })
}

/** The browser does not say why a request failed: the server is gone, or a file changed on the disk. */
async function explainFailure(files: readonly ChosenFile[]): Promise<Error> {
  for (const { file } of files)
    try {
      await file.slice(0, 1).arrayBuffer()
    } catch (error) {
      return error as Error
    }
  report(0)
  const detail = 'The connection ended during the upload'
  return new ApiError({ code: 'UNREACHABLE', status: 0, title: detail, detail })
}
