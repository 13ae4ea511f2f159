import { type Static, Type } from '#schema/shapes/type.ts'
import { count, limit, optional, text } from './setting-kinds.ts'
import { AccessSettings } from './settings-access.ts'

/**
 * Every setting of Fairlead: name of the environment variable, type, bounds, default and what it does.
 * Validation, the typed object and the README's table all come from here.
 */
export const Settings = Type.Object({
  HOST: text('Address to listen on; `0.0.0.0` for all', { default: '127.0.0.1', minLength: 1 }),
  PORT: count('Port to listen on; 0 picks a free one', 3000, 0, 65_535),
  WORKER_PORT: count(
    'Port on which a worker serves its probes and metrics; 0 picks a free one',
    3001,
    0,
    65_535
  ),
  PUBLIC_URL: optional(
    text(
      'Where people reach this server, for `short_url`: `https://HOST`, with a path or without; the request tells when unset',
      { format: 'base-url' }
    )
  ),
  ...AccessSettings.properties,
  DATA_DIR: text('Folder of the bundled PostgreSQL and of clicks that wait to be stored', {
    default: './data',
    minLength: 1
  }),
  DATABASE_URL: optional(
    text('PostgreSQL 15 or newer; the bundled PostgreSQL is used when unset', {
      pattern: '^postgres(ql)?://.+'
    })
  ),
  DATABASE_READ_URL: optional(
    text('A hot standby of DATABASE_URL, for lists and statistics, which may then be a little old', {
      pattern: '^postgres(ql)?://.+'
    })
  ),
  DATABASE_READ_MAX_LAG_MS: count(
    'How far the standby may be behind before lists and statistics come from DATABASE_URL again',
    5_000,
    100,
    3_600_000
  ),
  DATABASE_POOL_SIZE: count('Connections of one process', 10, 2, 500),
  DATABASE_CONNECT_TIMEOUT_MS: count('Longest wait for a connection', 2_000, 50, 60_000),
  DATABASE_STATEMENT_TIMEOUT_MS: count('Longest run of one statement of a request', 10_000, 50, 600_000),
  DATABASE_START_TIMEOUT_MS: count(
    'Longest wait at start for a database that does not answer yet',
    30_000,
    0,
    600_000
  ),
  DATABASE_POOLER: Type.Enum(['none', 'pgbouncer'], {
    description: 'What stands between here and PostgreSQL; `pgbouncer` is its transaction mode',
    default: 'none'
  }),
  DATABASE_BUDGET: Type.Enum(['refuse', 'warn'], {
    description: 'What to do at start when REPLICAS × DATABASE_POOL_SIZE exceeds what the server can give',
    default: 'refuse'
  }),
  DATABASE_MARGIN: count('Connections of the server that replicas leave to others', 10, 0, 10_000),
  REPLICAS: count('Processes that share the database, the worker included', 1, 1, 10_000),
  REDIS_URL: optional(
    text('Redis 6.2 or newer, or `redis-cluster://HOST:PORT,HOST:PORT`; caching is in-process when unset', {
      pattern: '^rediss?(-cluster)?://.+'
    })
  ),
  REDIS_PREFIX: text('What every key and channel in Redis starts with', {
    default: 'fairlead:',
    maxLength: 64
  }),
  REDIS_REPLICAS: count(
    'Replicas of Redis that must have a click too before its redirect is answered, so that none is lost by a failover',
    0,
    0,
    5
  ),
  CACHE_ENTRIES: count('Links held in process, about 0.4 KB each', 50_000, 1, 10_000_000),
  CACHE_FRESH_MS: count('How long a held link is used before it is refreshed', 60_000, 1, 86_400_000),
  LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    description: 'Least level that is logged',
    default: 'info'
  }),
  TRUST_PROXY: text(
    'Proxies whose X-Forwarded-* and X-Visit-Id headers are believed: addresses or CIDRs, comma-separated',
    {
      default: '',
      format: 'networks'
    }
  ),
  CORS_ORIGINS: text(
    'Origins whose pages may call the API from a browser, comma-separated: `https://app.example.com`',
    {
      default: '',
      format: 'origins'
    }
  ),
  SECURITY_CONTACT: optional(
    text('Where to report a vulnerability, for `/.well-known/security.txt`; none when unset', {
      pattern: '^(https://|mailto:|tel:)\\S+$'
    })
  ),
  RATE_LIMIT: Type.Enum(['auto', 'on', 'off'], {
    description: 'Whether what one client may do is limited; `auto` is on with `AUTH=keys`',
    default: 'auto'
  }),
  RATE_LIMIT_API: limit('Calls of one key, or one address, in so many seconds', '1200/60'),
  RATE_LIMIT_CREATE: limit('Links and users that one may create', '300/60'),
  RATE_LIMIT_BULK: limit('Files that one may import', '30/60'),
  RATE_LIMIT_SIGN_IN: limit('Attempts to sign in from one address', '10/60'),
  RATE_LIMIT_CREDENTIALS: limit('Calls with a key that is not good, from one address', '120/60'),
  RATE_LIMIT_UNKNOWN_CODES: limit('Short codes that no link has, asked for by one address', '120/60'),
  SHED_EVENT_LOOP_MS: count(
    'How late the event loop may be before all but redirects and probes is refused for a while; 0 never refuses',
    1_000,
    0,
    60_000
  ),
  SHED_HEAP_MB: count('The same for the heap in use, in MiB', 0, 0, 1_048_576),
  SHED_RSS_MB: count('The same for the memory of the process, in MiB', 0, 0, 1_048_576),
  TARGET_SCHEMES: text('Schemes of the URLs that links may lead to, comma-separated', {
    default: 'http,https',
    format: 'schemes'
  }),
  TARGET_PRIVATE: Type.Enum(['allow', 'refuse', 'resolve'], {
    description:
      'Whether a new link may lead to a private, link-local or loopback address, or a local name; `resolve` refuses names that have such an address too',
    default: 'allow'
  }),
  BLOCKED_HOSTS_FILE: optional(
    text(
      'File with hosts that no link may lead to, one a line, `.example.com` for all beneath; read again when it changes'
    )
  ),
  OWN_HOSTS: text(
    'Hosts beside that of PUBLIC_URL that lead here, comma-separated: no new link leads to them',
    {
      default: '',
      format: 'hosts'
    }
  ),
  TITLE_FETCH: Type.Enum(['off', 'on'], {
    description:
      'Whether a link that was created without a title gets that of the page, fetched from the public internet',
    default: 'off'
  }),
  CODE_LENGTH: count('Length of a new short code while there is room', 6, 4, 32),
  BODY_LIMIT_BYTES: count('Largest JSON body', 1_048_576, 1_024, 104_857_600),
  DETAILS_LIMIT_BYTES: count('Largest `details` of an event, in bytes of JSON', 32_768, 256, 1_048_576),
  BULK_LIMIT_BYTES: count('Largest file of a bulk import', 1_073_741_824, 1_024, 1_099_511_627_776),
  CLICK_DURABILITY: Type.Enum(['acknowledged', 'buffered'], {
    description:
      'Whether a redirect waits until its click is safe (Redis, or without it the disk), or a crash may lose some',
    default: 'acknowledged'
  }),
  CLICK_DRAIN: Type.Enum(['on', 'off'], {
    description: 'Whether servers store clicks from the Redis stream themselves; `off` leaves it to workers',
    default: 'on'
  }),
  CLICK_BATCH: count('Most clicks of one batch', 2_000, 1, 10_000),
  CLICK_WAIT_MS: count('How long a buffered click may wait for company', 50, 1, 10_000),
  CLICK_GROUP_MS: count(
    'With Redis: how long an acknowledged click waits for others of the same replica; a replica with one client at a time does not wait',
    2,
    0,
    100
  ),
  CLICK_PENDING: count(
    'Most clicks in memory; past that they go to the disk, and without Redis redirects are answered 503',
    50_000,
    100,
    10_000_000
  ),
  CLICK_LOG_MB: count(
    'Largest local log of clicks, in MiB; redirects are answered 503 while it is full',
    1_024,
    32,
    1_048_576
  ),
  CLICK_TAKE_OVER_MS: count(
    'How long a batch may be with a consumer of the Redis stream before another takes it over',
    30_000,
    100,
    3_600_000
  ),
  CLICK_STORE_TIMEOUT_MS: count(
    'With Redis: how long PostgreSQL may take for a batch of clicks while Redis is away, before it goes to the disk',
    2_000,
    50,
    60_000
  ),
  VISITOR_OPT_OUT: Type.Enum(['ignore', 'honour'], {
    description:
      'Whether a click with `DNT: 1` or `Sec-GPC: 1` is counted without visitor, user agent and referrer',
    default: 'ignore'
  }),
  EVENT_RETENTION_MONTHS: count(
    'Whole months that events are kept beside the current one; 0 keeps them. Statistics stay',
    0,
    0,
    1_200
  ),
  AUDIT_RETENTION_MONTHS: count('Months that entries of the audit log are kept; 0 keeps them', 0, 0, 1_200),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    text(
      'Collector that takes OpenTelemetry traces (OTLP over HTTP, `/v1/traces` is added); none when unset',
      {
        pattern: '^https?://.+'
      }
    )
  ),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    description: 'Share of the requests that are traced',
    default: 0.1,
    minimum: 0,
    maximum: 1
  }),
  CLIENT_HEADERS_TIMEOUT_MS: count(
    'How long a client may take to send the head of a request',
    15_000,
    100,
    600_000
  ),
  CLIENT_REQUEST_TIMEOUT_MS: count(
    'How long a client may take to send a whole request, files too',
    300_000,
    100,
    86_400_000
  ),
  READY_TIMEOUT_MS: count('Longest wait of a readiness check for one part', 1_000, 50, 30_000),
  DRAIN_MS: count('How long readiness is 503 before a close begins', 0, 0, 600_000),
  LINGER_MS: count(
    'How long a close leaves idle connections to their clients to end; longer than a proxy in front keeps them',
    3_000,
    0,
    600_000
  ),
  SHUTDOWN_TIMEOUT_MS: count('Longest graceful close before the process exits anyway', 15_000, 100, 600_000)
})

export type Settings = Static<typeof Settings>
