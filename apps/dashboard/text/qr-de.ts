import type { qr as english } from './qr-en.ts'

/** German texts of the designer of QR codes. */

export const qr: typeof english = {
  hint: 'Scans zählen als Klicks mit der Quelle „qr“.',
  size: 'Größe',
  pixels: (size) => `${size} Pixel`,
  margin: 'Rand',
  modules: (count, value) => (value === 1 ? '1 Modul' : `${count} Module`),
  level: 'Fehlerkorrektur',
  lost: (level, percent) => `${level}: ${percent} % dürfen fehlen`,
  color: 'Farbe',
  background: 'Hintergrund',
  inverted: 'Die Farbe muss dunkler sein als der Hintergrund. Viele Kameras lesen nichts anderes.',
  faint: 'Der Kontrast ist unter 3:1, zu wenig für Kameras',
  narrow: 'Kameras brauchen 4 Module Rand, außer wenn die Umgebung die Farbe des Hintergrunds hat',
  copy: 'Bild kopieren',
  svg: 'SVG sichern',
  png: 'PNG sichern'
}
