import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/** Where reading a log resumes after a restart: a segment and an offset in it. */
export interface LogMark {
  readonly sequence: number
  readonly offset: number
  /**
   * Overwrites the mark, even on a full disk. Never rejects: an outdated mark repeats work but loses nothing.
   */
  write(sequence: number, offset: number): Promise<void>
  close(): Promise<void>
}

export const MARK = 'position'

const FORM = /^(\d{12}) (\d{12}) (\d{10})\n$/

/** Reads the mark of the log in `folder`. A missing or incomplete mark is the beginning of the log. */
export async function openMark(folder: string, isReadOnly: boolean): Promise<LogMark> {
  const flags = isReadOnly ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT
  const file = await open(join(folder, MARK), flags, 0o600).catch(() => null)
  const [text, sequence, offset] = FORM.exec((await file?.readFile('utf8').catch(() => '')) ?? '') ?? []
  const isWhole = text !== undefined && text === format(Number(sequence), Number(offset))
  return {
    sequence: isWhole ? Number(sequence) : 0,
    offset: isWhole ? Number(offset) : 0,
    async write(sequence, offset) {
      if (!isReadOnly) await file?.write(format(sequence, offset), 0).catch(() => undefined)
    },
    close: async () => file?.close()
  }
}

function format(sequence: number, offset: number): string {
  const text = `${pad(sequence, 12)} ${pad(offset, 12)} `
  return `${text}${pad(crc32(text), 10)}\n`
}

const pad = (value: number, digits: number) => String(value).padStart(digits, '0')
