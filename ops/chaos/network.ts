import { type Link, openLink, type Weather } from './link.ts'

/** All links of a stack, by who talks to whom. */
export interface Network {
  /** For the stack's `route`: opens a link from `from` to `to` and gives its address. */
  route(from: string, to: string, address: string): Promise<string>
  /** Changes the links from all programs that `from` matches to all that `to` does; throws when there is none. */
  setWeather(from: RegExp, to: RegExp, weather: Weather): Promise<void>
  close(): Promise<void>
}

/** Makes a network without links. */
export function createNetwork(): Network {
  const links: { from: string; to: string; link: Link }[] = []
  return {
    async route(from, to, address) {
      const link = await openLink(address)
      links.push({ from, to, link })
      return link.address
    },
    async setWeather(from, to, weather) {
      const meant = links.filter((one) => from.test(one.from) && to.test(one.to))
      if (meant.length === 0) throw new Error(`There is no link from ${from} to ${to}`)
      await Promise.all(meant.map(({ link }) => link.setWeather(weather)))
    },
    async close() {
      await Promise.all(links.map(({ link }) => link.close()))
    }
  }
}
