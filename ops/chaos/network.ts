import { type Link, type NetworkCondition, openLink } from './link.ts'

/** All links of a stack, by the programs at their ends. */
export interface Network {
  /** For the stack's `route`: opens a link from `from` to `to` and returns its address. */
  route(from: string, to: string, address: string): Promise<string>
  /** Sets the condition of all links whose ends match `from` and `to`. Throws when there is none. */
  setCondition(from: RegExp, to: RegExp, condition: NetworkCondition): Promise<void>
  close(): Promise<void>
}

/** Creates a network without links. */
export function createNetwork(): Network {
  const links: { from: string; to: string; link: Link }[] = []
  return {
    async route(from, to, address) {
      const link = await openLink(address)
      links.push({ from, to, link })
      return link.address
    },
    async setCondition(from, to, condition) {
      const meant = links.filter((one) => from.test(one.from) && to.test(one.to))
      if (meant.length === 0) throw new Error(`There is no link from ${from} to ${to}`)
      await Promise.all(meant.map(({ link }) => link.setCondition(condition)))
    },
    async close() {
      await Promise.all(links.map(({ link }) => link.close()))
    }
  }
}
