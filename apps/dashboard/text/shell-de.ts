import type { Catalogue } from './catalogue.ts'

/** German texts of the palette, the history of a link, and what the browser must permit. */

export const palette: Catalogue['palette'] = {
  title: 'Befehle',
  open: 'Suche und Befehle',
  field: 'Links und Befehle suchen',
  placeholder: 'Links, Seiten und Aktionen suchen',
  results: 'Ergebnisse',
  pages: 'Seiten',
  actions: 'Aktionen',
  links: 'Kurzlinks',
  recent: 'Zuletzt angesehen',
  theme: (name) => `Farben: ${name}`,
  language: (name) => `Sprache: ${name}`,
  searching: 'Wird gesucht …',
  none: 'Nichts passt',
  hint: 'Pfeiltasten wählen, Eingabe öffnet'
}

export const history: Catalogue['history'] = {
  title: 'Verlauf',
  change: 'Änderung',
  values: 'Vorher und nachher',
  emptyTitle: 'Noch keine Änderungen',
  emptyHint: 'Hier erscheinen die Änderungen dieses Links und wer sie vorgenommen hat.',
  more: 'Ältere Änderungen anzeigen'
}

export const bookmarklet: Catalogue['bookmarklet'] = {
  title: 'Lesezeichen',
  name: 'Mit Fairlead kürzen',
  hint: 'Ziehen Sie die Schaltfläche in die Lesezeichenleiste. Auf jeder Seite öffnet das Lesezeichen Fairlead mit deren Adresse.',
  press: 'Ziehen Sie diese Schaltfläche in die Lesezeichenleiste; ein Klick hier bewirkt nichts.'
}

export const browser: Catalogue['browser'] = {
  cookies: 'Dieser Browser sperrt Cookies, die eine Sitzung braucht. Erlauben Sie sie für diesen Server.',
  cookieLost:
    'Der Schlüssel gilt, aber der Browser hat die Sitzung nicht behalten. Erlauben Sie Cookies für diesen Server, und öffnen Sie ihn unter der Adresse in seiner Einstellung PUBLIC_URL.',
  clock: (difference) =>
    `Die Uhr dieses Geräts weicht um ${difference} von der des Servers ab. Zeiten richten sich hier nach dem Server.`,
  limitedFor: (wait) => `Zu viele Anfragen. Warten Sie ${wait} und versuchen Sie es erneut.`,
  pastedTooMuch: (limit) => `Das ist zu viel Text. Fügen Sie höchstens ${limit} Adressen auf einmal ein.`,
  otherRelease: 'Der Server, der geantwortet hat, hat eine andere Version. Versuchen Sie es gleich erneut.'
}
