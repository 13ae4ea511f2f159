/**
 * The manifest with which browsers install the dashboard (W3C Web Application Manifest). It needs no service
 * worker: without the server the dashboard has nothing to show.
 */

/** The icons by the beginning of their names in the build. */
const ICONS = [
  { name: 'icon-', type: 'image/svg+xml', sizes: 'any', purpose: 'any' },
  { name: 'icon-192-', type: 'image/png', sizes: '192x192', purpose: 'any' },
  { name: 'icon-512-', type: 'image/png', sizes: '512x512', purpose: 'any' },
  { name: 'mask-512-', type: 'image/png', sizes: '512x512', purpose: 'maskable' }
]

/** Builds the manifest for a server below the path `base`; `files` are those of the build. */
export function createManifest(base: string, files: ReadonlySet<string>) {
  const home = `${base}/dashboard`
  const icons = ICONS.flatMap(({ name, ...icon }) => {
    const file = [...files].find((one) => one.startsWith(name) && /^\w{8}\.\w+$/.test(one.slice(name.length)))
    return file === undefined ? [] : [{ src: `${home}/assets/${file}`, ...icon }]
  })
  return {
    id: home,
    name: 'Fairlead',
    short_name: 'Fairlead',
    description: 'Short links of your own',
    start_url: home,
    scope: home,
    display: 'standalone',
    background_color: '#f7f7f8',
    theme_color: '#2f5dd3',
    icons,
    // The share sheet of a phone opens the field for new links, filled in.
    share_target: {
      action: home,
      method: 'GET',
      enctype: 'application/x-www-form-urlencoded',
      params: { url: 'new', title: 'title', text: 'text' }
    }
  }
}
