import type { Board } from '#ops/grafana/board.ts'

const outcome = (name: string) =>
  `sum(rate(fairlead_clicks_total{instance=~"$instance",outcome="${name}"}[$__rate_interval]))`

/** From a redirect to its row: this board covers every stage of a click. */
export const clickPipeline: Board = {
  uid: 'fairlead-click-pipeline',
  title: 'Fairlead: click pipeline',
  description: 'Clicks taken, on their way, stored, and on the ways round when a part is away',
  panels: [
    {
      title: 'Taken and stored',
      description: 'The two follow each other; where they don’t, clicks gather in Redis or on disks',
      unit: 'cps',
      runbook: 'clicks-fall-behind',
      queries: [
        { expr: outcome('added'), legend: 'taken' },
        { expr: outcome('stored'), legend: 'stored' }
      ]
    },
    {
      title: 'Lag',
      description: 'How long the oldest click that is not stored has waited',
      unit: 's',
      bad: 60,
      runbook: 'clicks-late',
      queries: [{ expr: 'max(fairlead_clicks_lag_seconds) or vector(0)', legend: 'oldest' }]
    },
    {
      title: 'Waiting in Redis',
      description: 'Batches in the stream that are not stored yet',
      unit: 'short',
      runbook: 'clicks-fall-behind',
      queries: [{ expr: 'max(fairlead_clicks_stream_entries) or vector(0)', legend: 'batches' }]
    },
    {
      title: 'Waiting in processes',
      description: 'Clicks that no stage has yet. Past CLICK_PENDING they go to the local log',
      unit: 'short',
      queries: [{ expr: 'fairlead_clicks_pending{instance=~"$instance"}', legend: '{{instance}}' }]
    },
    {
      title: 'Ways round',
      description:
        'Straight to PostgreSQL while Redis is away, to the local log while both are, and stored from there',
      unit: 'cps',
      bad: 1,
      runbook: 'clicks-spooled',
      queries: ['fellBack', 'spooled', 'replayed'].map((name) => ({ expr: outcome(name), legend: name }))
    },
    {
      title: 'Lost and dead',
      description: 'Clicks that nothing could take, and clicks that the database refused: one is too many',
      unit: 'short',
      isNumber: true,
      bad: 1,
      runbook: 'clicks-lost',
      queries: [
        { expr: 'sum(increase(fairlead_clicks_total{outcome="lost"}[1h])) or vector(0)', legend: 'lost' },
        {
          expr: 'sum(increase(fairlead_clicks_total{outcome="deadLettered"}[1h])) or vector(0)',
          legend: 'dead letters'
        }
      ]
    }
  ]
}
