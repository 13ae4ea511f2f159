import { lockFolder } from '#platform/database/folder-lock.ts'

/** A process that locks the folder named on its command line until it is killed. It notifies its parent. */
await lockFolder(process.argv[2] ?? '.')
process.send?.('held')
setInterval(() => undefined, 60_000)
