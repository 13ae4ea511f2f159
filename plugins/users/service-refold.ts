import { foldIdentity, foldName } from '#platform/database/folding.ts'
import type { Database, Executor } from '#platform/database/index.ts'
import { claimKey, dropKey, type FoldedUser, findUnfolded, lockUser, promoteTwin } from './store.ts'

/** Users per statement. */
const PAGE = 20_000

/**
 * Recalculates the keys of users: the previous release let the database fold names, and may still run beside
 * this one. If two users turn out to share a name, the one with the wrong key becomes the duplicate. Safe to
 * run at any time and on several replicas. Returns the number of changed users.
 */
export async function refoldUsers(database: Database): Promise<number> {
  let changed = 0
  for (let after = 0; ; ) {
    const { rows, last } = await findUnfolded(database.db, after, PAGE)
    for (const row of rows)
      if (!isFolded(row) && (await database.transaction(() => refold(database.db, row.id)))) changed++
    if (last === null) return changed
    after = last
  }
}

function isFolded(user: FoldedUser): boolean {
  return isNameFolded(user) && isEmailFolded(user)
}

function isNameFolded({ username, usernameKey, usernameDuplicate }: FoldedUser): boolean {
  return (usernameKey ?? usernameDuplicate ?? foldIdentity(username)) === foldName(username)
}

function isEmailFolded({ email, emailKey }: FoldedUser): boolean {
  return emailKey === null || emailKey === foldIdentity(email)
}

async function refold(db: Executor, id: number): Promise<boolean> {
  const user = await lockUser(db, id)
  if (user === null || isFolded(user)) return false
  const [name, email] = [foldName(user.username), foldIdentity(user.email)]
  if (!isNameFolded(user) && !(await claimKey(db, id, 'username', name)))
    await dropKey(db, id, { usernameKey: null, usernameDuplicate: name })
  if (!isEmailFolded(user)) {
    if (!(await claimKey(db, id, 'email', email))) await dropKey(db, id, { emailKey: null })
    // The old key may have kept another user from having its own.
    await promoteTwin(db, 'email', user.emailKey ?? email)
  }
  return true
}
