import type * as en from './account-en.ts'

/** German texts of the account and of sessions. */

const plural = (count: number, one: string, other: string) => (count === 1 ? one : other)

export const account: typeof en.account = {
  title: 'Konto',
  openTitle: 'Alle dürfen alles',
  openHint:
    'Dieser Server verlangt keine Anmeldung: Wer ihn erreicht, ist Administrator. Starten Sie ihn mit AUTH=keys und einem ADMIN_KEY, um das zu ändern, und melden Sie sich mit diesem Schlüssel an.',
  identity: 'Angemeldet als',
  noName: 'ohne Namen',
  role: 'Rolle',
  user: 'Benutzer',
  noUser: 'keiner',
  by: 'Angemeldet durch',
  byKey: (id) => `Schlüssel ${id}`,
  byProvider: 'Ihre Organisation',
  ends: 'Endet spätestens',
  idleEnds: 'Endet ohne Nutzung',
  scopes: (count) => plural(count, '1 Berechtigung', `${count} Berechtigungen`),
  scopesHint: 'Was diese Sitzung darf. Alles andere lehnt der Server ab.',
  record: 'Benutzer',
  recordHint: 'Ihren Namen und Ihre Adresse ändert die Administration.',
  recordGone: 'Diesen Benutzer gibt es nicht mehr.',
  edit: 'Bearbeiten',
  export: 'Meine Daten herunterladen',
  exportHint: 'Alles, was der Server über Sie speichert, als ein JSON-Dokument.',
  preferences: 'Einstellungen',
  preferencesHint: 'Sie gehören zu diesem Browser.',
  zone: 'Zeitzone',
  zoneAutomatic: 'Automatisch',
  zoneHint: (name) => `Für alle Zeiten. Leer gilt die dieses Geräts, ${name}`,
  zoneUnknown: 'Wählen Sie eine Zone aus der Liste, zum Beispiel Europe/Berlin',
  deviceZone: (name) => `${name} (von diesem Gerät)`,
  change: 'Ändern',
  sessions: 'Wo Sie angemeldet sind',
  sessionsOfKey: 'Sitzungen, die mit diesem Schlüssel begannen, die zuletzt benutzte zuerst.',
  sessionsOfUser: 'Alle Sitzungen dieses Benutzers, die zuletzt benutzte zuerst.',
  toAccount: 'Ihr Konto'
}

export const sessions: typeof en.sessions = {
  count: (count, value) => plural(value, '1 Sitzung', `${count} Sitzungen`),
  lead: 'Browser, die angemeldet sind. Die Liste nennt weder ihre Adressen noch ihre Geräte.',
  caller: 'Wer',
  noName: 'kein Name',
  by: 'Angemeldet durch',
  byKey: 'Schlüssel',
  byProvider: 'Ihre Organisation',
  began: 'Begonnen',
  used: 'Zuletzt benutzt',
  ends: 'Endet',
  current: 'Dieser Browser',
  idle: (time) => `ohne Nutzung ${time}`,
  end: 'Sitzung beenden',
  endOf: (began) => `Sitzung vom ${began} beenden`,
  endHint: 'Der andere Browser ist sofort abgemeldet. Was dort eingegeben ist, bleibt auf seiner Seite.',
  endCurrent: 'Abmelden',
  endCurrentHint: 'Das ist die Sitzung dieses Browsers.',
  ended: 'Die Sitzung ist beendet',
  endOthers: 'Alle anderen beenden',
  endOthersTitle: 'Alle anderen Sitzungen beenden',
  endOthersHint:
    'Alle anderen Browser mit diesen Sitzungen sind sofort abgemeldet. Dieser bleibt angemeldet.',
  endedOthers: 'Alle anderen Sitzungen sind beendet',
  emptyTitle: 'Keine Sitzungen',
  emptyHint:
    'Eine Sitzung beginnt, wenn sich jemand im Browser anmeldet. Programme benutzen Schlüssel ohne Sitzung.'
}
