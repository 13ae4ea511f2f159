import type { Lists } from './catalogue.ts'

/** The fields of a link in English. */
export const fields: Lists['fields'] = {
  title: { label: 'Title', hint: 'Shown in lists instead of the target' },
  original_url: { label: 'Target', hint: 'Where the short link leads' },
  is_active: { label: 'Active', hint: 'Visitors of an inactive link get an error' },
  expires_at: { label: 'Expires', hint: 'In your time zone. From then on the link answers 410' },
  note: { label: 'Note', hint: 'For the people who manage the link; visitors never see it' },
  starts_at: { label: 'Starts', hint: 'In your time zone. Until then the link is unknown to visitors' },
  expired_url: {
    label: 'Afterwards',
    hint: 'Where the link leads once it has expired or is used up, instead of an error'
  },
  redirect_status: {
    label: 'Status of the redirect',
    hint: '302 suits nearly every link; 301 and 308 say that the move is permanent'
  },
  forward_query: { label: 'Forward the query', hint: 'What visitors add after ? goes on to the target' },
  utm: { label: 'UTM parameters', hint: 'Added to the target for your analytics' },
  password: { label: 'Password', hint: 'Visitors must enter it. It is never shown again' },
  max_visits: { label: 'Visit limit', hint: 'After this many visits the link answers 410' },
  tags: { label: 'Tags', hint: 'Find and group links by them; up to 20' },
  aliases: { label: 'Aliases', hint: 'Other codes of the link, which share its statistics' },
  user_id: { label: 'Owner', hint: 'Only administrators give a link to another user' },
  short_code: { label: 'Short code', hint: 'Letters, digits, - and _' },
  keep_old_code: { label: 'Keep the old code', hint: 'As an alias, so that printed links go on working' }
}

/** The parts of fields that have some. */
export const parts: Record<string, string> = {
  source: 'Source',
  medium: 'Medium',
  campaign: 'Campaign',
  term: 'Term',
  content: 'Content'
}

/** The options of choices. */
export const choices: Record<string, string> = {
  301: '301 · moved for good',
  302: '302 · found (usual)',
  307: '307 · as 302, keeps the method',
  308: '308 · as 301, keeps the method'
}

export const utm = {
  template: 'Template',
  none: 'None',
  forget: 'Delete template',
  saveAs: 'Keep these as a template',
  saveHint: 'Under this name, in this browser',
  save: 'Keep',
  preview: 'Leads to'
}

/** What a link does now. */
export const states = {
  active: 'Active',
  scheduled: 'Scheduled',
  expired: 'Expired',
  used_up: 'Used up',
  inactive: 'Inactive',
  blocked: 'Blocked',
  deleted: 'Deleted'
}

/** The editor. */
export const edit = {
  title: (code: string) => `Edit ${code}`,
  required: 'Enter a value',
  notUrl: 'Enter a whole web address, such as https://example.com',
  tooLong: (limit: string) => `At most ${limit} characters`,
  notNumber: 'Enter a whole number',
  tooSmall: (limit: string) => `At least ${limit}`,
  removePassword: 'Remove the password',
  groups: { when: 'When it works', how: 'How it redirects', access: 'Codes and access' },
  groupHints: {
    when: 'Start, end and limit',
    how: 'Status, query, UTM',
    access: 'Who reaches it, and by which codes'
  },
  conflictTitle: 'The link changed meanwhile',
  conflictHint: 'Another change was saved after you opened this. Choose what to keep.',
  field: 'Field',
  yours: 'Yours',
  theirs: 'Saved',
  keepYours: 'Save yours',
  takeTheirs: 'Keep the saved one',
  empty: 'empty',
  yes: 'yes',
  no: 'no'
}
