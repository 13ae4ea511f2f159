import { crc32 } from 'node:zlib'

/** A record on the disk: length and CRC-32 of its body, 4 bytes each, little-endian; then the body, UTF-8. */

const HEADER_BYTES = 8

/** A record and where it ends, or why there is none. */
export type Frame = { record: string; end: number } | 'end' | 'incomplete' | 'damaged'

/** Maximum number of bytes that `record` takes on the disk. */
export function maxFrameBytes(record: string): number {
  // No UTF-16 unit takes more than three bytes of UTF-8.
  return HEADER_BYTES + record.length * 3
}

/** Writes `record`, which must not be empty, into `target` at `at`. Returns where it ends. */
export function writeFrame(target: Buffer, at: number, record: string): number {
  const length = target.write(record, at + HEADER_BYTES)
  const end = at + HEADER_BYTES + length
  target.writeUInt32LE(length, at)
  target.writeUInt32LE(crc32(target.subarray(at + HEADER_BYTES, end)), at + 4)
  return end
}

/**
 * Reads the record at `at`. `end`: only preallocated zeros follow. `incomplete`: the record needs more bytes
 * than `bytes` has. `damaged`: its checksum differs.
 */
export function readFrame(bytes: Buffer, at: number): Frame {
  if (at + HEADER_BYTES > bytes.length) return 'incomplete'
  const length = bytes.readUInt32LE(at)
  const checksum = bytes.readUInt32LE(at + 4)
  if (length === 0) return checksum === 0 ? 'end' : 'damaged'
  const end = at + HEADER_BYTES + length
  if (end > bytes.length) return 'incomplete'
  const body = bytes.subarray(at + HEADER_BYTES, end)
  return crc32(body) === checksum ? { record: body.toString(), end } : 'damaged'
}

/** Size in bytes of the record at `at`. `bytes` must contain its header. */
export function frameBytes(bytes: Buffer, at: number): number {
  return at + HEADER_BYTES > bytes.length ? HEADER_BYTES : HEADER_BYTES + bytes.readUInt32LE(at)
}
