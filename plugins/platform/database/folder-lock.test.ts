import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FolderInUse, lockFolder } from './folder-lock.ts'

async function createFolder(t: Test, name = '') {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-lock-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  const folder = join(root, name)
  await mkdir(folder, { recursive: true })
  return folder
}

t.test('a folder has one holder, and the next gets the lock after its release', async (t) => {
  const folder = await createFolder(t)
  const unlock = await lockFolder(folder)
  await t.rejects(lockFolder(folder), FolderInUse)
  await t.rejects(lockFolder(folder), new RegExp(`pid ${process.pid}`), 'the message names the holder')
  await unlock()
  await (await lockFolder(folder))()
})

t.test('a holder killed with -9 leaves nothing that blocks the next', async (t) => {
  const folder = await createFolder(t)
  const child = fork(join(import.meta.dirname, '..', '..', '..', 'apps', 'testing', 'hold-folder.ts'), [
    folder
  ])
  await once(child, 'message')
  await t.rejects(lockFolder(folder), new RegExp(`pid ${child.pid}`))
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await lockFolder(folder))()
})

t.test('of many processes that find a dead lock at once, one gets the folder', async (t) => {
  const folder = await createFolder(t)
  const child = fork(join(import.meta.dirname, '..', '..', '..', 'apps', 'testing', 'hold-folder.ts'), [
    folder
  ])
  await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'exit')
  for (let round = 0; round < 20; round++) {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)))
    const holders = tries.filter((one) => one.status === 'fulfilled')
    t.equal(holders.length, 1)
    for (const holder of holders) await holder.value()
  }
})

t.test('a path too long for a socket is locked all the same', async (t) => {
  const folder = await createFolder(t, 'long'.repeat(40))
  const unlock = await lockFolder(folder)
  await t.rejects(lockFolder(folder), FolderInUse)
  await unlock()
})
