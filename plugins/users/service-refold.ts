import { foldIdentity, foldName } from '#platform/database/folding.ts'
import type { Database, Executor } from '#platform/database/index.ts'
import { claimKey, dropKey, type FoldedUser, findUnfolded, lockUser, promoteTwin } from './store.ts'

/** Users that one statement looks through. */
const PAGE = 20_000

/**
 * Brings the keys of users to what the application makes of their names: the release before left that to the database, and may still
 * run beside this one. Where two users turn out to have one name, the one whose key is not yet right becomes the twin. Safe to
 * run at any time, on several replicas too. Gives how many users it changed.
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
