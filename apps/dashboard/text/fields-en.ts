import type { Lists } from './catalogue.ts'

/** The fields of a link in English. */
export const fields: Lists['fields'] = {
  title: { label: 'Title', hint: 'Shown in lists instead of the target' },
  original_url: { label: 'Target', hint: 'Where the short link leads' },
  is_active: { label: 'Active', hint: 'Visitors of an inactive link get an error' },
  expires_at: { label: 'Expires', hint: 'In your time zone. From then on the link answers 410' },
  note: { label: 'Note', hint: 'For the people who manage the link; visitors never see it' },
  starts_at: { label: 'Starts', hint: 'In your time zone. Until then the link is unknown to visitors' },
  expired_url: {
    label: 'Target after the end',
    hint: 'Where the link leads once it has expired, instead of an error'
  },
  redirect_status: {
    label: 'Status of the redirect',
    hint: '302 suits nearly every link; 301 and 308 say that the move is permanent'
  },
  forward_query: { label: 'Forward the query', hint: 'What visitors add after ? goes on to the target' },
  utm: { label: 'UTM parameters', hint: 'Added to the target for your analytics' },
  aliases: { label: 'Aliases', hint: 'Other codes of the link, which share its statistics' },
  user_id: { label: 'Owner', hint: 'Only administrators give a link to another user' },
  short_code: { label: 'Short code', hint: 'The old code stays as an alias' },
  keep_old_code: { label: 'Keep the old code', hint: 'As an alias, so that printed links go on working' }
}
