/** English texts of the designer of QR codes. */

export const qr = {
  hint: 'Scans count as clicks with the source “qr”.',
  size: 'Size',
  pixels: (size: string) => `${size} pixels`,
  margin: 'Margin',
  modules: (count: string, value: number) => (value === 1 ? '1 module' : `${count} modules`),
  level: 'Error correction',
  lost: (level: string, percent: number) => `${level}: ${percent}% may be lost`,
  color: 'Colour',
  background: 'Background',
  inverted: 'The colour must be darker than the background. Many cameras read nothing else.',
  faint: 'The contrast is below 3:1, too low for cameras',
  narrow: 'Cameras need a margin of 4 modules, unless the surroundings have the colour of the background',
  copy: 'Copy image',
  svg: 'Save SVG',
  png: 'Save PNG'
}
