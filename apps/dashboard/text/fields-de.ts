import type { Catalogue, Lists } from './catalogue.ts'

/** The fields of a link in German. */
export const fields: Lists['fields'] = {
  title: { label: 'Titel', hint: 'Steht in Listen statt des Ziels' },
  original_url: { label: 'Ziel', hint: 'Wohin der Kurzlink führt' },
  is_active: { label: 'Aktiv', hint: 'Ein inaktiver Link zeigt Besuchern einen Fehler' },
  expires_at: { label: 'Läuft ab', hint: 'In Ihrer Zeitzone. Danach antwortet der Link mit 410' },
  note: { label: 'Notiz', hint: 'Für alle, die den Link verwalten; Besucher sehen sie nie' },
  starts_at: { label: 'Beginnt', hint: 'In Ihrer Zeitzone. Bis dahin ist der Link für Besucher unbekannt' },
  expired_url: {
    label: 'Danach',
    hint: 'Wohin der Link führt, wenn er abgelaufen oder verbraucht ist, statt eines Fehlers'
  },
  redirect_status: {
    label: 'Status der Weiterleitung',
    hint: '302 passt fast immer; 301 und 308 bedeuten einen dauerhaften Umzug'
  },
  forward_query: { label: 'Abfrage weitergeben', hint: 'Was Besucher nach ? anhängen, geht an das Ziel' },
  utm: { label: 'UTM-Parameter', hint: 'Für Ihre Analyse an das Ziel angehängt' },
  password: { label: 'Passwort', hint: 'Besucher müssen es eingeben. Es wird nie wieder angezeigt' },
  max_visits: { label: 'Besuchslimit', hint: 'Nach so vielen Besuchen antwortet der Link mit 410' },
  tags: { label: 'Schlagwörter', hint: 'Damit finden und ordnen Sie Links; bis zu 20' },
  aliases: { label: 'Weitere Codes', hint: 'Sie führen zum selben Ziel und zählen zu derselben Statistik' },
  user_id: { label: 'Besitzer', hint: 'Nur Administratoren übertragen Links an andere Benutzer' },
  short_code: { label: 'Kurzcode', hint: 'Buchstaben, Ziffern, - und _' },
  keep_old_code: {
    label: 'Alten Code behalten',
    hint: 'Als weiteren Code, damit gedruckte Links gültig bleiben'
  }
}

export const parts: Catalogue['parts'] = {
  source: 'Quelle',
  medium: 'Medium',
  campaign: 'Kampagne',
  term: 'Suchbegriff',
  content: 'Inhalt'
}

export const choices: Catalogue['choices'] = {
  301: '301 · dauerhaft umgezogen',
  302: '302 · gefunden (üblich)',
  307: '307 · wie 302, behält die Methode',
  308: '308 · wie 301, behält die Methode'
}

export const utm: Catalogue['utm'] = {
  template: 'Vorlage',
  none: 'Keine',
  forget: 'Vorlage löschen',
  saveAs: 'Als Vorlage behalten',
  saveHint: 'Unter diesem Namen, in diesem Browser',
  save: 'Behalten',
  preview: 'Führt zu'
}

export const states: Catalogue['states'] = {
  active: 'Aktiv',
  scheduled: 'Geplant',
  expired: 'Abgelaufen',
  used_up: 'Verbraucht',
  inactive: 'Inaktiv',
  blocked: 'Gesperrt',
  deleted: 'Gelöscht'
}

export const edit: Catalogue['edit'] = {
  title: (code) => `${code} bearbeiten`,
  required: 'Geben Sie einen Wert ein',
  notUrl: 'Geben Sie eine ganze Webadresse ein, etwa https://example.com',
  tooLong: (limit) => `Höchstens ${limit} Zeichen`,
  notNumber: 'Geben Sie eine ganze Zahl ein',
  tooSmall: (limit) => `Mindestens ${limit}`,
  removePassword: 'Passwort entfernen',
  groups: { when: 'Wann er gilt', how: 'Wie er weiterleitet', access: 'Codes und Zugang' },
  groupHints: {
    when: 'Beginn, Ende und Grenze',
    how: 'Status, Abfrage, UTM',
    access: 'Wer ihn erreicht, und mit welchen Codes'
  },
  conflictTitle: 'Der Link wurde inzwischen geändert',
  conflictHint: 'Seit Sie dies geöffnet haben, wurde eine andere Änderung gespeichert. Wählen Sie, was gilt.',
  field: 'Feld',
  yours: 'Ihre Fassung',
  theirs: 'Gespeichert',
  keepYours: 'Ihre speichern',
  takeTheirs: 'Gespeicherte behalten',
  empty: 'leer',
  yes: 'ja',
  no: 'nein'
}
