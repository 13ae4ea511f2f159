/** English texts of the palette, the history of a link, and what the browser must permit. */

export const palette = {
  title: 'Commands',
  open: 'Search and commands',
  field: 'Search links and commands',
  placeholder: 'Search links, pages and actions',
  results: 'Results',
  pages: 'Pages',
  actions: 'Actions',
  links: 'Links',
  recent: 'Recently viewed',
  theme: (name: string) => `Theme: ${name}`,
  language: (name: string) => `Language: ${name}`,
  searching: 'Searching…',
  none: 'Nothing matches',
  hint: 'Arrow keys select, Enter opens'
}

export const history = {
  title: 'History',
  change: 'Change',
  values: 'Before and after',
  emptyTitle: 'No changes yet',
  emptyHint: 'Changes of this link show up here, with their authors.',
  more: 'Show older changes'
}

export const bookmarklet = {
  title: 'Bookmark',
  name: 'Shorten with Fairlead',
  hint: 'Drag the button to the bookmarks bar. On any page, the bookmark opens Fairlead with that address filled in.',
  press: 'Drag this button to the bookmarks bar; pressing it here does nothing.'
}

export const browser = {
  cookies: 'This browser blocks cookies, which a session needs. Allow them for this server.',
  cookieLost:
    'The key is valid, but the browser did not keep the session. Allow cookies for this server, and open it at the address in its setting PUBLIC_URL.',
  clock: (difference: string) =>
    `The clock of this device differs from the server’s by ${difference}. Times shown here follow the server.`,
  limitedFor: (wait: string) => `Too many requests. Wait ${wait} and try again.`,
  pastedTooMuch: (limit: string) => `That is too much text. Paste at most ${limit} addresses at once.`,
  otherRelease: 'The server that answered has another release. Try again in a moment.'
}
