import type { Board } from '#ops/grafana/board.ts'

/** The promises (ops/slo.yaml), the remaining error budgets, and how fast they burn. */
export const slo: Board = {
  uid: 'fairlead-slo',
  title: 'Fairlead: promises and error budgets',
  description: 'The objectives of ops/slo.yaml over 30 days, by the rules that the alerts use',
  panels: [
    {
      title: 'Error budget left',
      description: 'Of 30 days. At nothing, changes wait until it has recovered',
      unit: 'percentunit',
      isNumber: true,
      bad: 0.1,
      isBadBelow: true,
      queries: [{ expr: 'slo:error_budget_remaining:ratio', legend: '{{slo}}' }]
    },
    {
      title: 'Burn rate over an hour',
      description: '1 uses up the budget in 30 days; 14.4 for an hour pages',
      unit: 'short',
      bad: 14.4,
      runbook: 'redirects-fail',
      queries: [
        {
          expr: 'slo:error_ratio:rate1h / on (slo) group_left () (1 - (slo:objective < 1))',
          legend: '{{slo}}'
        }
      ]
    },
    {
      title: 'Errors over five minutes',
      description: 'Share of bad events, as each promise counts them',
      unit: 'percentunit',
      queries: [{ expr: 'slo:error_ratio:rate5m', legend: '{{slo}}' }]
    },
    {
      title: 'Objective',
      description: 'The share that is promised to be good, over 30 days',
      unit: 'percentunit',
      isNumber: true,
      queries: [{ expr: 'slo:objective', legend: '{{slo}}' }]
    },
    {
      title: 'Good over 30 days',
      description: 'The share that was good; below its objective a promise is broken',
      unit: 'percentunit',
      isNumber: true,
      queries: [{ expr: '1 - slo:error_ratio:rate30d', legend: '{{slo}}' }]
    },
    {
      title: 'Alerts that fire',
      description: 'By name. Watchdog fires always, so that its silence is heard',
      unit: 'none',
      runbook: 'README',
      queries: [{ expr: 'sum by (alertname) (ALERTS{alertstate="firing"})', legend: '{{alertname}}' }]
    }
  ]
}
