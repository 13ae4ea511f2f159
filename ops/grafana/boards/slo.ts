import type { Board } from '#ops/grafana/board.ts'

/** What is promised (ops/slo.yaml), what is left of it, and how fast it goes. */
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
    }
  ]
}
