import { lockFolder } from '#platform/database/folder-lock.ts'

/** A process that holds the folder named on its command line until it is killed; says so to its parent. */
await lockFolder(process.argv[2] ?? '.')
process.send?.('held')
setInterval(() => undefined, 60_000)
