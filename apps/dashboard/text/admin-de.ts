import type * as en from './admin-en.ts'

/** German texts of the administration. */

const plural = (count: number, one: string, other: string) => (count === 1 ? one : other)

export const admin: typeof en.admin = {
  title: 'Verwaltung',
  tabs: {
    users: 'Benutzer',
    keys: 'Schlüssel',
    sessions: 'Sitzungen',
    audit: 'Protokoll',
    hosts: 'Gesperrte Hosts',
    tags: 'Schlagwörter',
    imports: 'Import und Export',
    system: 'System'
  },
  forbiddenTitle: 'Ihre Rolle öffnet diese Seite nicht',
  forbiddenHint: 'Bitten Sie die Administration um einen Schlüssel, der es erlaubt.',
  never: 'nie',
  actions: 'Aktionen',
  noMatchTitle: 'Nichts passt',
  noMatchHint: 'Suchen Sie etwas anderes, oder löschen Sie die Filter.'
}

export const users: typeof en.users = {
  count: (count, value) => plural(value, '1 Benutzer', `${count} Benutzer`),
  search: 'Name oder E-Mail-Adresse',
  sort: 'Reihenfolge',
  sorts: {
    '-id': 'Neueste zuerst',
    username: 'Name, A bis Z',
    '-username': 'Name, Z bis A',
    email: 'E-Mail, A bis Z',
    '-email': 'E-Mail, Z bis A'
  },
  username: 'Benutzername',
  email: 'E-Mail',
  emailHint: 'Eine Anmeldung bei Ihrer Organisation mit dieser Adresse ist dieser Benutzer',
  notEmail: 'Geben Sie eine E-Mail-Adresse ein',
  id: 'Nr.',
  created: 'Angelegt',
  create: 'Neuer Benutzer',
  done: (name) => `${name} ist angelegt`,
  exportOf: (name) => `Alle Daten von ${name} herunterladen`,
  editOf: (name) => `${name} bearbeiten`,
  stale: 'Eine andere Änderung wurde inzwischen gespeichert. Speichern Sie erneut, um sie zu ersetzen.',
  savedValue: (value) => `Inzwischen gespeichert: ${value}`,
  removeOf: (name) => `${name} löschen`,
  removed: (name) => `${name} ist gelöscht`,
  cascade: 'Links des Benutzers',
  keepLinks: 'Links behalten',
  removeLinks: 'Links auch löschen',
  keepHint: 'Die Links führen weiter zum Ziel und haben keinen Besitzer.',
  removeHint: 'Alle Kurzlinks dieses Benutzers hören auf zu funktionieren.',
  removeOnly: 'Benutzer löschen',
  removeAll: 'Benutzer und Links löschen',
  emptyTitle: 'Noch keine Benutzer',
  emptyHint:
    'Benutzern gehören Links, und sie melden sich bei Ihrer Organisation an. Legen Sie den ersten an.'
}

export const keys: typeof en.keys = {
  count: (count) => `${count} Schlüssel`,
  create: 'Neuer Schlüssel',
  name: 'Bezeichnung',
  nameHint: 'Was den Schlüssel benutzt, etwa „Deploy-Skript“',
  role: 'Rolle',
  roleHints: {
    admin: 'Darf alles, auch in dieser Verwaltung',
    member: 'Legt Links an und ändert sie',
    'read-only': 'Sieht Links und Statistik und ändert nichts'
  },
  user: 'Nummer des Benutzers',
  userHints: {
    admin: 'Sieht alle Links; das Protokoll nennt diesen Benutzer bei Änderungen',
    member: 'Sieht und ändert die Links dieses Benutzers; die Nummer steht in der Liste der Benutzer',
    'read-only': 'Sieht die Links dieses Benutzers; ohne Benutzer alle Links'
  },
  userOf: (id) => `Benutzer ${id}`,
  notId: 'Geben Sie die Nummer eines Benutzers ein',
  state: 'Zustand',
  allStates: 'Alle Schlüssel',
  states: { active: 'Aktiv', expired: 'Abgelaufen', revoked: 'Widerrufen' },
  used: 'Zuletzt benutzt',
  expires: 'Läuft ab',
  expiresHint: 'In Ihrer Zeitzone. Ohne Zeit läuft der Schlüssel nie ab',
  rotate: 'Geheimnis ersetzen',
  rotateOf: (name) => `Geheimnis von ${name} ersetzen`,
  rotateHint: 'Das alte Geheimnis gilt sofort nicht mehr. Das neue wird danach angezeigt.',
  revoke: 'Schlüssel widerrufen',
  revokeOf: (name) => `${name} widerrufen`,
  revokeHint:
    'Alles, was diesen Schlüssel benutzt, ist sofort und endgültig ausgesperrt. Er bleibt in der Liste.',
  revoked: (name) => `${name} ist widerrufen`,
  secretOf: (name) => `Das Geheimnis von ${name}`,
  secretHint:
    'Kopieren Sie es jetzt: Es wird nur dieses eine Mal gezeigt; der Server speichert nur den Hash.',
  copySecret: 'Geheimnis kopieren',
  secretDone: 'Es ist sicher abgelegt',
  emptyTitle: 'Noch keine Schlüssel',
  emptyHint: 'Programme und Menschen melden sich mit einem Schlüssel an. Legen Sie für jeden einen an.'
}

export const audit: typeof en.audit = {
  resource: 'Art',
  allResources: 'Alles',
  resources: {
    url: 'Kurzlink',
    user: 'Benutzer',
    key: 'Schlüssel',
    'blocked-host': 'Gesperrter Host',
    session: 'Sitzung',
    tag: 'Schlagwort',
    users: 'Import von Benutzern',
    urls: 'Import von Kurzlinks',
    events: 'Import von Ereignissen'
  },
  action: 'Änderung',
  allActions: 'Alle Änderungen',
  actions: {
    created: 'Angelegt',
    updated: 'Geändert',
    deleted: 'Gelöscht',
    erased: 'Mit allen Daten gelöscht',
    restored: 'Wiederhergestellt',
    imported: 'Importiert',
    exported: 'Exportiert',
    rotated: 'Geheimnis ersetzt',
    revoked: 'Widerrufen',
    'signed-in': 'Angemeldet',
    'signed-out': 'Abgemeldet',
    merged: 'Zusammengeführt'
  },
  kinds: {
    open: 'Jemand (offener Server)',
    system: 'Der Server',
    key: 'Ein Schlüssel',
    session: 'Eine Sitzung'
  },
  resourceId: 'Nummer von Link, Benutzer oder Schlüssel',
  since: 'Ab Tag (UTC)',
  until: 'Bis Tag (UTC)',
  change: 'Was',
  differences: 'Vorher und nachher',
  actor: 'Von',
  time: 'Wann',
  before: 'vorher:',
  after: 'nachher:',
  fields: {
    short_code: 'Kurzcode',
    scopes: 'Berechtigungen',
    count: 'Zeilen',
    imported: 'Importiert',
    skipped: 'Übersprungen',
    rejected: 'Abgelehnt'
  },
  values: (count) => `${count} Werte`,
  noValues: 'keine Werte',
  emptyTitle: 'Noch keine Änderungen',
  emptyHint: 'Hier steht jede Änderung eines Links, Benutzers oder Schlüssels mit ihrem Urheber.'
}

export const hosts: typeof en.hosts = {
  count: (count, value) => plural(value, '1 Eintrag', `${count} Einträge`),
  lead: 'Kein neuer Link führt zu diesen Hosts, und vorhandene Links dorthin werden nicht verfolgt.',
  host: 'Adresse des Hosts',
  hostHint: 'bad.example ist nur dieser Host; .bad.example ist die Domain mit allem darunter',
  reason: 'Grund',
  noReason: 'keiner angegeben',
  since: 'Gesperrt',
  add: 'Sperren',
  added: (host) => `${host} ist gesperrt`,
  remove: 'Freigeben',
  removeOf: (host) => `${host} freigeben`,
  removeHint: 'Links zu diesem Host funktionieren sofort wieder.',
  removed: (host) => `${host} ist nicht mehr gesperrt`,
  emptyTitle: 'Kein Host ist gesperrt',
  emptyHint: 'Sperren Sie Hosts mit Phishing und Schadsoftware, zu denen kein Link führen darf.'
}
