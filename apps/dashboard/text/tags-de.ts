import type { tags as english } from './tags-en.ts'

/** German texts of tags, and of the states of links. */

const plural = (count: number, one: string, other: string) => (count === 1 ? one : other)

export const tags: typeof english = {
  count: (count, value) => plural(value, '1 Schlagwort', `${count} Schlagwörter`),
  lead: 'Schlagwörter ordnen Links. Ein Link bekommt sie beim Bearbeiten; Änderungen hier gelten für alle Links damit.',
  search: 'Schlagwörter suchen',
  name: 'Name des Schlagworts',
  wrongName: 'Höchstens 64 sichtbare Zeichen ohne , | und Zeilenumbrüche, und nicht nur . oder ..',
  links: 'Kurzlinks',
  color: 'Farbe',
  noColor: 'Keine Farbe',
  create: 'Neues Schlagwort',
  created: (name) => `${name} ist angelegt`,
  editOf: (name) => `Schlagwort ${name} bearbeiten`,
  saved: (name) => `${name} ist gespeichert`,
  mergeOf: (name) => `Schlagwort ${name} zusammenführen`,
  mergeHint:
    'Alle Links mit diesem Schlagwort bekommen stattdessen das andere. Das lässt sich nicht rückgängig machen.',
  into: 'Mit',
  merge: 'Zusammenführen',
  merged: (name, into) => `${name} ist jetzt ${into}`,
  removeOf: (name) => `Schlagwort ${name} löschen`,
  removeHint: (count, value) =>
    plural(value, '1 Link verliert dieses Schlagwort.', `${count} Links verlieren dieses Schlagwort.`),
  remove: 'Schlagwort löschen',
  removed: (name) => `${name} ist gelöscht`,
  ofLink: 'Schlagwörter',
  drop: (name) => `${name} entfernen`,
  inputHint: 'Enter oder ein Komma fügt ein Schlagwort hinzu',
  emptyTitle: 'Noch keine Schlagwörter',
  emptyHint: 'Geben Sie einem Link beim Bearbeiten ein Schlagwort, oder legen Sie hier eines an.',
  restoreOf: (code) => `${code} wiederherstellen`
}
