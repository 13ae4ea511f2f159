/** A failed backup, restore or move that changed nothing; the message says why and what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
