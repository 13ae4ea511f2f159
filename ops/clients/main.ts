import { readCommandLine } from '#apps/command-line.ts'
import { packClient } from './pack.ts'

/** `npm run pack:client`: packs `@fairlead/client` and prints the path of the tarball. */

const { values } = readCommandLine({
  name: 'npm run pack:client --',
  summary: 'Packs apps/client as the npm package @fairlead/client and prints the path of the tarball.',
  options: { to: { type: 'string', value: 'DIR', default: '.', help: 'Folder of the tarball' } }
})
console.log(await packClient(values.to))
