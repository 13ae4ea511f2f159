/** English texts of the account and of sessions. */

const plural = (count: number, one: string, other: string) => (count === 1 ? one : other)

export const account = {
  title: 'Account',
  openTitle: 'Everyone may do everything',
  openHint:
    'This server needs no sign-in: each caller that reaches it is an administrator. To change that, start it with AUTH=keys and an ADMIN_KEY, and sign in with that key.',
  identity: 'Signed in as',
  noName: 'without a name',
  role: 'Role',
  user: 'User',
  noUser: 'none',
  by: 'Signed in by',
  byKey: (id: string) => `Key ${id}`,
  byProvider: 'Your organisation',
  ends: 'Ends at the latest',
  idleEnds: 'Ends without use',
  scopes: (count: number) => plural(count, '1 permission', `${count} permissions`),
  scopesHint: 'What this session may do. Operations that are not in the list are refused.',
  record: 'User',
  recordHint: 'An administrator changes your name and address.',
  recordGone: 'This user no longer exists.',
  edit: 'Edit',
  export: 'Download my data',
  exportHint: 'All that the server holds of you, as one JSON document.',
  preferences: 'Preferences',
  preferencesHint: 'They belong to this browser.',
  zone: (name: string) => `${name} (from this device)`,
  change: 'Change',
  sessions: 'Where you are signed in',
  sessionsOfKey: 'Sessions that began with this key, the last used first.',
  sessionsOfUser: 'All sessions of this user, the last used first.',
  toAccount: 'Your account'
}

export const sessions = {
  count: (count: string, value: number) => plural(value, '1 session', `${count} sessions`),
  lead: 'Browsers that are signed in. The list has neither their addresses nor what they run on.',
  caller: 'Who',
  noName: 'no name',
  by: 'Signed in by',
  byKey: 'Key',
  byProvider: 'Your organisation',
  began: 'Began',
  used: 'Last used',
  ends: 'Ends',
  current: 'This browser',
  idle: (time: string) => `without use ${time}`,
  end: 'End the session',
  endOf: (began: string) => `End the session of ${began}`,
  endHint: 'That browser is signed out at once. What is typed there stays on its page.',
  endCurrent: 'Sign out',
  endCurrentHint: 'This is the session of this browser.',
  ended: 'The session has ended',
  endOthers: 'End all others',
  endOthersTitle: 'End all other sessions',
  endOthersHint: 'All other browsers with these sessions are signed out at once. This one stays.',
  endedOthers: 'All other sessions have ended',
  emptyTitle: 'No sessions',
  emptyHint: 'A session begins when a person signs in with a browser. Programs use keys without one.'
}
