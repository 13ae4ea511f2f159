import type { Lists } from './catalogue.ts'

/** The fields of a link in German. */
export const fields: Lists['fields'] = {
  title: { label: 'Titel', hint: 'Steht in Listen statt des Ziels' },
  original_url: { label: 'Ziel', hint: 'Wohin der Kurzlink führt' },
  is_active: { label: 'Aktiv', hint: 'Ein inaktiver Link zeigt Besuchern einen Fehler' },
  expires_at: { label: 'Läuft ab', hint: 'In Ihrer Zeitzone. Danach antwortet der Link mit 410' },
  note: { label: 'Notiz', hint: 'Für alle, die den Link verwalten; Besucher sehen sie nie' },
  starts_at: { label: 'Beginnt', hint: 'In Ihrer Zeitzone. Bis dahin ist der Link für Besucher unbekannt' },
  expired_url: {
    label: 'Ziel nach dem Ende',
    hint: 'Wohin der Link führt, wenn er abgelaufen ist, statt eines Fehlers'
  },
  redirect_status: {
    label: 'Status der Weiterleitung',
    hint: '302 passt fast immer; 301 und 308 bedeuten einen dauerhaften Umzug'
  },
  forward_query: { label: 'Abfrage weitergeben', hint: 'Was Besucher nach ? anhängen, geht an das Ziel' },
  utm: { label: 'UTM-Parameter', hint: 'Für Ihre Analyse an das Ziel angehängt' },
  aliases: { label: 'Weitere Codes', hint: 'Sie führen zum selben Ziel und zählen zu derselben Statistik' },
  user_id: { label: 'Besitzer', hint: 'Nur Administratoren übertragen Links an andere Benutzer' },
  short_code: { label: 'Kurzcode', hint: 'Der alte Code bleibt als weiterer Code erhalten' },
  keep_old_code: {
    label: 'Alten Code behalten',
    hint: 'Als weiteren Code, damit gedruckte Links gültig bleiben'
  }
}
