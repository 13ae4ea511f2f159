import type * as en from './imports-en.ts'

/** German texts of imports and exports. */

const plural = (count: number, one: string, other: string) => (count === 1 ? one : other)

export const imports: typeof en.imports = {
  title: 'Importieren',
  kinds: { users: 'Benutzer', urls: 'Kurzlinks', events: 'Ereignisse' },
  drop: 'CSV- oder JSON-Dateien hier ablegen',
  dropHint:
    'Benutzer, Kurzlinks und Ereignisse, je eine Datei. Zusammen sind sie ein Satz, dessen Verweise stimmen.',
  choose: 'Dateien auswählen',
  chosen: 'Ausgewählte Dateien',
  kindOf: (name) => `Inhalt von ${name}`,
  removeOf: (name) => `${name} weglassen`,
  tooLarge: (name, size, limit) =>
    `${name} hat ${size}; dieser Server nimmt höchstens ${limit}. Teilen Sie die Datei, oder erhöhen Sie BULK_LIMIT_BYTES.`,
  tooLargeJson: (name, size, limit) =>
    `${name} hat ${size}; eine JSON-Datei hat höchstens ${limit}. Teilen Sie die Datei, oder importieren Sie sie als CSV.`,
  refusedLarge: (limit) =>
    `Die Datei ist größer, als dieser Server annimmt${limit === null ? '' : `, ${limit} (BULK_LIMIT_BYTES)`}. Die Zeilen davor sind vielleicht gespeichert. Teilen Sie die Datei; Gespeichertes wird übersprungen.`,
  isEmpty: (name) => `${name} ist leer.`,
  unreadable: (name) =>
    `${name} kann nicht gelesen werden. Vielleicht ist es ein Ordner, oder ein anderes Programm benutzt die Datei.`,
  fileGone: 'Eine Datei wurde während des Hochladens geändert oder entfernt. Wählen Sie sie erneut aus.',
  twice: (name) => `${name} fehlt: Es gibt je Art eine Datei. Importieren Sie sie danach.`,
  mixed: (name) =>
    `${name} fehlt: Dateien, die zusammen importiert werden, haben ein Format. Importieren Sie sie danach.`,
  onConflict: 'Zeilen, deren Nummer eine andere hat',
  conflicts: { skip: 'Weglassen', renumber: 'Neue Nummer geben', fail: 'Import anhalten' },
  conflictHints: {
    skip: 'Der Bericht nennt sie. Zeilen, die schon gespeichert sind, werden immer übersprungen.',
    renumber: 'Verweise zwischen den Dateien folgen.',
    fail: 'Zeilen vor dem Konflikt bleiben gespeichert.'
  },
  renumberOne:
    'Verweise in anderen Dateien folgen nicht. Importieren Sie die Dateien zusammen, um sie zu behalten.',
  submit: (count) => plural(count, 'Importieren', `${count} Dateien importieren`),
  sending: 'Wird hochgeladen…',
  storing: 'Die letzten Zeilen werden gespeichert…',
  progress: (sent, total, ratio) => `${sent} von ${total} · ${ratio}`,
  sendingHint:
    'Andere Seiten der Oberfläche lassen sich währenddessen öffnen. Wird dieser Tab geschlossen, endet das Hochladen.',
  cancel: 'Hochladen abbrechen',
  cancelled:
    'Das Hochladen wurde abgebrochen. Angekommene Zeilen sind vielleicht gespeichert; ein neuer Import überspringt sie.',
  done: 'Alles ist importiert.',
  doneWithConflicts: (count, value) =>
    plural(
      value,
      '1 Zeile wurde weggelassen, weil eine andere ihre Nummer hat.',
      `${count} Zeilen wurden weggelassen, weil andere ihre Nummern haben.`
    ),
  doneWithErrors: (count, value) =>
    plural(
      value,
      '1 Zeile wurde abgelehnt; die anderen sind gespeichert.',
      `${count} Zeilen wurden abgelehnt; die anderen sind gespeichert.`
    ),
  rows: (count, value) => plural(value, '1 Zeile', `${count} Zeilen`),
  counts: {
    imported: 'Importiert',
    skipped: 'Übersprungen',
    rejected: 'Abgelehnt',
    renumbered: 'Mit neuer Nummer'
  },
  again: 'Mehr importieren',
  downloadReport: 'Bericht herunterladen',
  unlisted: (count, value) =>
    plural(
      value,
      '1 weitere abgelehnte Zeile steht nicht hier.',
      `${count} weitere abgelehnte Zeilen stehen nicht hier.`
    ),
  warningsCut: 'Nur die ersten 1.000 Warnungen einer Datei stehen hier.',
  remarks: 'Fehler und Warnungen nach Zeilen',
  line: 'Zeile',
  file: 'Datei',
  tone: 'Art',
  error: 'Fehler',
  warning: 'Warnung',
  reason: 'Grund',
  more: 'Mehr zeigen',
  format: 'Aufbau der Dateien',
  formatHint:
    'CSV mit den Namen der Spalten in der ersten Zeile, in beliebiger Folge. Kommas, Semikolons oder Tabulatoren; UTF-8 oder UTF-16. Zeiten sind UTC, etwa 2025-06-04 00:07:00. Oder JSON: eine Liste von Objekten mit diesen Namen.',
  formatMore: 'Alle Einzelheiten in der API-Referenz',
  required: 'Nötige Spalten',
  optional: 'Weitere Spalten',
  template: 'Vorlage',
  templateOf: (kind) => `Vorlage für ${kind}`,
  export: 'Exportieren',
  exportHint: 'Alles als CSV; ein Import davon ergibt dieselben Zeilen.',
  spreadsheet: 'Für eine Tabellenkalkulation',
  spreadsheetHint: 'Keine Zelle wird als Formel ausgeführt. Ein Import liest auch so eine Datei.',
  exportOf: (kind) => `${kind} als CSV`
}
