/** English texts of tags, and of the states of links. */

const plural = (count: number, one: string, other: string) => (count === 1 ? one : other)

export const tags = {
  count: (count: string, value: number) => plural(value, '1 tag', `${count} tags`),
  lead: 'Tags group links. A link gets them in its editor; changes here affect all links with the tag.',
  search: 'Search tags',
  name: 'Name',
  wrongName: 'Use up to 64 visible characters without , | and line breaks, and not only . or ..',
  links: 'Links',
  color: 'Colour',
  noColor: 'No colour',
  create: 'New tag',
  created: (name: string) => `${name} is created`,
  editOf: (name: string) => `Edit the tag ${name}`,
  saved: (name: string) => `${name} is saved`,
  mergeOf: (name: string) => `Merge the tag ${name}`,
  mergeHint: 'All links with this tag get the other one instead. This can’t be undone.',
  into: 'Into',
  merge: 'Merge',
  merged: (name: string, into: string) => `${name} is now ${into}`,
  removeOf: (name: string) => `Delete the tag ${name}`,
  removeHint: (count: string, value: number) =>
    plural(value, '1 link loses this tag.', `${count} links lose this tag.`),
  remove: 'Delete the tag',
  removed: (name: string) => `${name} is deleted`,
  ofLink: 'Tags',
  drop: (name: string) => `Remove ${name}`,
  inputHint: 'Enter or a comma adds a tag',
  emptyTitle: 'No tags yet',
  emptyHint: 'Give a link a tag in its editor, or create one here.',
  restoreOf: (code: string) => `Restore ${code}`
}
