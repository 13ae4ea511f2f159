/** English texts of the administration. */

const plural = (count: number, one: string, other: string) => (count === 1 ? one : other)

export const admin = {
  title: 'Administration',
  tabs: {
    users: 'Users',
    keys: 'Keys',
    sessions: 'Sessions',
    audit: 'Audit log',
    hosts: 'Blocked hosts',
    tags: 'Tags',
    imports: 'Import and export',
    system: 'System'
  },
  forbiddenTitle: 'Your role does not open this page',
  forbiddenHint: 'Ask an administrator for a key that permits it.',
  never: 'never',
  actions: 'Actions',
  noMatchTitle: 'Nothing matches',
  noMatchHint: 'Search for something else, or clear the filters.'
}

export const users = {
  count: (count: string, value: number) => plural(value, '1 user', `${count} users`),
  search: 'Name or email address',
  sort: 'Order',
  sorts: {
    '-id': 'Newest first',
    username: 'Name, A to Z',
    '-username': 'Name, Z to A',
    email: 'Email, A to Z',
    '-email': 'Email, Z to A'
  },
  username: 'Name',
  email: 'Email',
  emailHint: 'A sign-in at your organisation with this address is this user',
  notEmail: 'Enter an email address',
  id: 'Id',
  created: 'Created',
  create: 'New user',
  done: (name: string) => `${name} is created`,
  exportOf: (name: string) => `Download all data of ${name}`,
  editOf: (name: string) => `Edit ${name}`,
  stale: 'Another change was saved after you opened this. Save again to replace it.',
  savedValue: (value: string) => `Saved meanwhile: ${value}`,
  removeOf: (name: string) => `Delete ${name}`,
  removed: (name: string) => `${name} is deleted`,
  cascade: 'Links of the user',
  keepLinks: 'Keep the links',
  removeLinks: 'Delete the links too',
  keepHint: 'The links keep working and have no owner.',
  removeHint: 'All short links of this user stop working.',
  removeOnly: 'Delete the user',
  removeAll: 'Delete user and links',
  emptyTitle: 'No users yet',
  emptyHint: 'Users own links, and sign in at your organisation. Create the first one.'
}

export const keys = {
  count: (count: string, value: number) => plural(value, '1 key', `${count} keys`),
  create: 'New key',
  name: 'Name',
  nameHint: 'What uses the key, such as “deploy script”',
  role: 'Role',
  roleHints: {
    admin: 'May do everything, also in this administration',
    member: 'Creates and changes links',
    'read-only': 'Sees links and statistics, and changes nothing'
  },
  user: 'User id',
  userHints: {
    admin: 'Sees all links; the audit log names this user for its changes',
    member: 'Sees and changes the links of this user; the list of users shows the id',
    'read-only': 'Sees the links of this user; all links without one'
  },
  userOf: (id: number) => `User ${id}`,
  notId: 'Enter the number of a user',
  state: 'State',
  allStates: 'All keys',
  states: { active: 'Active', expired: 'Expired', revoked: 'Revoked' },
  used: 'Last used',
  expires: 'Expires',
  expiresHint: 'In your time zone. Without a time the key never expires',
  rotate: 'Replace the secret',
  rotateOf: (name: string) => `Replace the secret of ${name}`,
  rotateHint: 'The old secret stops working at once. The new one is shown next.',
  revoke: 'Revoke the key',
  revokeOf: (name: string) => `Revoke ${name}`,
  revokeHint: 'Everything that uses this key stops working at once, for good. It stays in the list.',
  revoked: (name: string) => `${name} is revoked`,
  secretOf: (name: string) => `The secret of ${name}`,
  secretHint: 'Copy it now: it is shown this once, and the server stores only its hash.',
  copySecret: 'Copy the secret',
  secretDone: 'It is stored safely',
  emptyTitle: 'No keys yet',
  emptyHint: 'Programs and people sign in by a key. Create one for each.'
}

export const audit = {
  resource: 'Kind',
  allResources: 'Everything',
  resources: {
    url: 'Link',
    user: 'User',
    key: 'Key',
    'blocked-host': 'Blocked host',
    session: 'Session',
    tag: 'Tag',
    users: 'Import of users',
    urls: 'Import of links',
    events: 'Import of events'
  } as Record<string, string>,
  action: 'Change',
  allActions: 'All changes',
  actions: {
    created: 'Created',
    updated: 'Changed',
    deleted: 'Deleted',
    erased: 'Erased',
    restored: 'Restored',
    imported: 'Imported',
    exported: 'Exported',
    rotated: 'Secret replaced',
    revoked: 'Revoked',
    'signed-in': 'Signed in',
    'signed-out': 'Signed out',
    merged: 'Merged'
  } as Record<string, string>,
  kinds: { open: 'Anyone (open server)', system: 'The server', key: 'A key', session: 'A session' } as Record<
    string,
    string
  >,
  resourceId: 'Id of the link, user or key',
  since: 'From day (UTC)',
  until: 'To day (UTC)',
  change: 'What',
  differences: 'Before and after',
  actor: 'By',
  time: 'When',
  before: 'before:',
  after: 'after:',
  fields: {
    short_code: 'Short code',
    scopes: 'Permissions',
    count: 'Rows',
    imported: 'Imported',
    skipped: 'Skipped',
    rejected: 'Rejected'
  },
  values: (count: number) => `${count} values`,
  noValues: 'no values',
  emptyTitle: 'No changes yet',
  emptyHint: 'Every change of a link, a user or a key shows up here, with its author.'
}

export const hosts = {
  count: (count: string, value: number) => plural(value, '1 host', `${count} hosts`),
  lead: 'No new link leads to these hosts, and existing links to them are not followed.',
  host: 'Host',
  hostHint: 'bad.example is this host only; .bad.example is the domain and all beneath it',
  reason: 'Reason',
  noReason: 'none given',
  since: 'Blocked',
  add: 'Block',
  added: (host: string) => `${host} is blocked`,
  remove: 'Unblock',
  removeOf: (host: string) => `Unblock ${host}`,
  removeHint: 'Links to this host work again at once.',
  removed: (host: string) => `${host} is no longer blocked`,
  emptyTitle: 'No host is blocked',
  emptyHint: 'Block the hosts of phishing and malware that links must not lead to.'
}
