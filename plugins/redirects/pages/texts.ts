/** The texts of the pages for visitors. */

const en = {
  /** Title and text of each problem by its code. */
  problems: {
    LINK_UNKNOWN: [
      'This link does not exist',
      'Check the address for typing errors. The link may also have been removed.'
    ],
    LINK_EXPIRED: ['This link has expired', 'It no longer leads anywhere. Ask the sender for a new one.'],
    LINK_USED_UP: ['This link is used up', 'All of its visits are taken. Ask the sender for a new one.'],
    LINK_BLOCKED: ['This link is blocked', 'It leads to a host that this server does not allow.'],
    RATE_LIMITED: ['Too many attempts', 'Wait a little, then try again.'],
    PASSWORDS_BUSY: ['Many visitors are here now', 'Wait a few seconds, then try again.'],
    ORIGIN_REFUSED: [
      'The form was sent from another site',
      'Open the link again, and enter the password there.'
    ]
  } as Record<string, [title: string, text: string]>,
  unavailable: ['This link does not work right now', 'Try again in a few seconds.'] as [string, string],
  request: 'Request',
  password: {
    title: 'This link has a password',
    text: 'Enter it to continue.',
    label: 'Password',
    wrong: 'This is not the password of this link.',
    send: 'Continue'
  },
  preview: {
    title: 'Where this link leads',
    hidden: 'The number of visits of this link is limited, so its target does not show here.',
    created: 'Created',
    alike: 'Careful: the host of this address imitates another one with letters that look alike.',
    open: 'Open the link'
  },
  landing: {
    title: 'Short links',
    text: 'This server has short addresses that lead to longer ones. Open a link as you received it.'
  }
}

const de: typeof en = {
  problems: {
    LINK_UNKNOWN: [
      'Diesen Link gibt es nicht',
      'Prüfen Sie die Adresse auf Tippfehler. Vielleicht wurde der Link auch entfernt.'
    ],
    LINK_EXPIRED: ['Dieser Link ist abgelaufen', 'Er führt nirgends mehr hin. Bitten Sie um einen neuen.'],
    LINK_USED_UP: [
      'Dieser Link ist aufgebraucht',
      'Alle seine Besuche sind vergeben. Bitten Sie um einen neuen.'
    ],
    LINK_BLOCKED: ['Dieser Link ist gesperrt', 'Er führt zu einem Host, den dieser Server nicht zulässt.'],
    RATE_LIMITED: ['Zu viele Versuche', 'Warten Sie etwas, und versuchen Sie es dann noch einmal.'],
    PASSWORDS_BUSY: [
      'Gerade kommen viele Besucher',
      'Warten Sie einige Sekunden, und versuchen Sie es dann noch einmal.'
    ],
    ORIGIN_REFUSED: [
      'Das Formular kam von einer anderen Website',
      'Öffnen Sie den Link noch einmal, und geben Sie das Passwort dort ein.'
    ]
  },
  unavailable: ['Dieser Link funktioniert gerade nicht', 'Versuchen Sie es in einigen Sekunden noch einmal.'],
  request: 'Anfrage',
  password: {
    title: 'Dieser Link hat ein Passwort',
    text: 'Geben Sie es ein, um fortzufahren.',
    label: 'Passwort',
    wrong: 'Das ist nicht das Passwort dieses Links.',
    send: 'Weiter'
  },
  preview: {
    title: 'Wohin dieser Link führt',
    hidden: 'Die Besuche dieses Links sind begrenzt. Darum steht sein Ziel nicht hier.',
    created: 'Erstellt',
    alike: 'Vorsicht: Der Host dieser Adresse ahmt mit ähnlichen Buchstaben einen anderen nach.',
    open: 'Link öffnen'
  },
  landing: {
    title: 'Kurze Links',
    text: 'Dieser Server hat kurze Adressen, die zu längeren führen. Öffnen Sie einen Link so, wie Sie ihn bekommen haben.'
  }
}

export type Language = 'en' | 'de'
export type Texts = typeof en
export const TEXTS: Record<Language, Texts> = { en, de }
