/** A backup, restore or move that cannot be done; the message says why and what to do. Nothing was changed. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
