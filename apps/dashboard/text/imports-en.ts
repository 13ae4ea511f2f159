/** English texts of imports and exports. */

const plural = (count: number, one: string, other: string) => (count === 1 ? one : other)

export const imports = {
  title: 'Import',
  kinds: { users: 'Users', urls: 'Links', events: 'Events' },
  drop: 'Drop CSV or JSON files here',
  dropHint:
    'Users, links and events, one file of each. Together they are a set, whose references stay right.',
  choose: 'Choose files',
  chosen: 'Chosen files',
  kindOf: (name: string) => `Content of ${name}`,
  removeOf: (name: string) => `Leave out ${name}`,
  tooLarge: (name: string, size: string, limit: string) =>
    `${name} has ${size}; this server takes ${limit} at most. Split it, or raise BULK_LIMIT_BYTES.`,
  tooLargeJson: (name: string, size: string, limit: string) =>
    `${name} has ${size}; a JSON file has ${limit} at most. Split it, or import it as CSV.`,
  refusedLarge: (limit: string | null) =>
    `The file is larger than this server takes${limit === null ? '' : `, ${limit} (BULK_LIMIT_BYTES)`}. Rows before that point may be stored. Split the file; what is stored already is skipped.`,
  isEmpty: (name: string) => `${name} is empty.`,
  unreadable: (name: string) => `${name} can’t be read. It may be a folder, or open in another program.`,
  fileGone: 'A file was changed or removed during the upload. Choose it again.',
  twice: (name: string) => `${name} is left out: there is one file of each kind. Import it next.`,
  mixed: (name: string) =>
    `${name} is left out: files that are imported together have one format. Import it next.`,
  onConflict: 'Rows whose id another row has',
  conflicts: { skip: 'Leave out', renumber: 'Give a new id', fail: 'Stop the import' },
  conflictHints: {
    skip: 'The report names them. Rows that are stored already are always skipped.',
    renumber: 'References between the files follow.',
    fail: 'Rows before the conflict stay stored.'
  },
  renumberOne: 'References in other files don’t follow. Import the files together to keep them.',
  submit: (count: number) => plural(count, 'Import', `Import ${count} files`),
  sending: 'Uploading…',
  storing: 'Storing the last rows…',
  progress: (sent: string, total: string, ratio: string) => `${sent} of ${total} · ${ratio}`,
  sendingHint: 'Other pages of the dashboard can be opened meanwhile. Closing this tab ends the upload.',
  cancel: 'Cancel the upload',
  cancelled: 'The upload was cancelled. Rows that had arrived may be stored; a new import skips them.',
  done: 'Everything is imported.',
  doneWithConflicts: (count: string, value: number) =>
    plural(
      value,
      '1 row was left out, because another row has its id.',
      `${count} rows were left out, because other rows have their ids.`
    ),
  doneWithErrors: (count: string, value: number) =>
    plural(
      value,
      '1 row was rejected; the others are stored.',
      `${count} rows were rejected; the others are stored.`
    ),
  rows: (count: string, value: number) => plural(value, '1 row', `${count} rows`),
  counts: { imported: 'Imported', skipped: 'Skipped', rejected: 'Rejected', renumbered: 'With a new id' },
  again: 'Import more',
  downloadReport: 'Download the report',
  unlisted: (count: string, value: number) =>
    plural(value, '1 more rejected row is not listed.', `${count} more rejected rows are not listed.`),
  warningsCut: 'Only the first 1,000 warnings of a file are listed.',
  remarks: 'Errors and warnings by line',
  line: 'Line',
  file: 'File',
  tone: 'Kind',
  error: 'Error',
  warning: 'Warning',
  reason: 'Reason',
  more: 'Show more',
  format: 'Format',
  formatHint:
    'CSV with the names of the columns in the first line, in any order. Commas, semicolons or tabs; UTF-8 or UTF-16. Times are UTC, such as 2025-06-04 00:07:00. Or JSON: an array of objects with these names.',
  formatMore: 'All details in the API reference',
  required: 'Required columns',
  optional: 'Optional columns',
  template: 'Template',
  templateOf: (kind: string) => `Template for ${kind}`,
  export: 'Export',
  exportHint: 'Everything as CSV; an import of it gives the same rows.',
  spreadsheet: 'For a spreadsheet',
  spreadsheetHint: 'No cell runs as a formula. An import reads such a file too.',
  exportOf: (kind: string) => `${kind} as CSV`
}
