/** The dashboards of boards/, and the JSON that Grafana reads (its dashboard model, schema 39). */

/**
 * One query of a panel, in PromQL. `$instance` is the selected replicas, `$__rate_interval` a suitable
 * window.
 */
export interface Query {
  expr: string
  /** The name of its series; `{{label}}` inserts a label. */
  legend: string
}

export interface Panel {
  title: string
  /** One sentence: the measurement and its good values. */
  description: string
  /** A unit of Grafana: reqps, s, percentunit, short, bytes, none … */
  unit: string
  queries: Query[]
  /** The threshold from which values are bad and drawn in red. */
  bad?: number
  /** True if values below `bad` are bad. */
  isBadBelow?: boolean
  /** One large number instead of a graph. */
  isNumber?: boolean
  /** The runbook (ops/runbooks/NAME.md) for bad values. */
  runbook?: string
}

export interface Board {
  /** Its path in Grafana and the name of its file. */
  uid: string
  title: string
  description: string
  panels: Panel[]
}

/** The address of the runbooks, as in the rules (ops/prometheus/prometheus.yml). */
const RUNBOOKS = 'https://github.com/fairlead/fairlead/blob/main/ops/runbooks'

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's variable
const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' }
/** A version counts as deployed when it runs now and did not run a minute ago. */
export const DEPLOYS =
  'count by (version) (fairlead_build_info) unless count by (version) (fairlead_build_info offset 1m)'
/** A process started within the last minute: a restart, or a new process. */
export const STARTS = 'time() - process_start_time_seconds{job=~"fairlead.*"} < 60'

const COLUMNS = 3
const WIDTH = 24 / COLUMNS
const HEIGHT = 8

/** The dashboard model of `board`, with panels in rows of three. */
export function toDashboard({ uid, title, description, panels }: Board): object {
  return {
    uid,
    title,
    description,
    tags: ['fairlead'],
    schemaVersion: 39,
    editable: false,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    links: [{ title: 'Runbooks', type: 'link', url: `${RUNBOOKS}/README.md`, targetBlank: true }],
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Source' },
        {
          name: 'instance',
          type: 'query',
          label: 'Replicas',
          datasource: DATA_SOURCE,
          query: 'label_values(fairlead_build_info, instance)',
          refresh: 2,
          multi: true,
          includeAll: true,
          allValue: '.+',
          current: { text: 'All', value: '$__all' }
        }
      ]
    },
    annotations: {
      list: [
        {
          name: 'Deploys',
          datasource: DATA_SOURCE,
          enable: true,
          iconColor: 'purple',
          expr: DEPLOYS,
          titleFormat: 'Release {{version}}',
          step: '15s'
        },
        {
          name: 'Starts of replicas',
          datasource: DATA_SOURCE,
          enable: true,
          iconColor: 'blue',
          expr: STARTS,
          titleFormat: '{{instance}} started',
          step: '15s'
        }
      ]
    },
    panels: panels.map(toPanel)
  }
}

function toPanel(panel: Panel, index: number): object {
  const { title, description, unit, queries, bad, isBadBelow, isNumber, runbook } = panel
  const colors = isBadBelow ? ['red', 'green'] : ['green', 'red']
  const steps =
    bad === undefined
      ? [{ color: 'green', value: null }]
      : [
          { color: colors[0], value: null },
          { color: colors[1], value: bad }
        ]
  return {
    id: index + 1,
    type: isNumber ? 'stat' : 'timeseries',
    title,
    description,
    datasource: DATA_SOURCE,
    gridPos: { x: (index % COLUMNS) * WIDTH, y: Math.floor(index / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: { mode: 'absolute', steps },
        ...(bad !== undefined && !isNumber && { custom: { thresholdsStyle: { mode: 'line' } } })
      },
      overrides: []
    },
    targets: queries.map(({ expr, legend }, place) => ({
      refId: String.fromCharCode(65 + place),
      datasource: DATA_SOURCE,
      expr,
      legendFormat: legend
    })),
    ...(runbook && { links: [{ title: 'What to do', url: `${RUNBOOKS}/${runbook}.md`, targetBlank: true }] })
  }
}
