import { type Static, Type } from '#schema/shapes/type.ts'
import { count, limit, optional, text } from './setting-kinds.ts'
import { AccessSettings } from './settings-access.ts'
import { CodeSettings } from './settings-codes.ts'
import { MonitoringSettings } from './settings-monitoring.ts'
import { PageSettings } from './settings-pages.ts'

/**
 * Every setting of Fairlead: name of the environment variable, type, bounds, default and what it does.
 * Validation, the typed object and the table in docs/settings.md all come from here.
 */
export const Settings = Type.Object({
  HOST: text('IP address to listen on; `0.0.0.0` listens on all', { default: '127.0.0.1', minLength: 1 }),
  PORT: count('Port to listen on; 0 picks a free one', 3000, 0, 65_535),
  WORKER_PORT: count('Port for the probes and metrics of a worker; 0 picks a free one', 3001, 0, 65_535),
  PUBLIC_URL: optional(
    text(
      'Public address of this server, used in `short_url`: `https://HOST`, with or without a path; taken from the request when unset',
      { format: 'base-url' }
    )
  ),
  ...PageSettings.properties,
  ...AccessSettings.properties,
  DATA_DIR: text('Folder for the bundled PostgreSQL and for clicks that are not stored yet', {
    default: './data',
    minLength: 1
  }),
  DATABASE_URL: optional(
    text('PostgreSQL server, version 15 or newer; the bundled PostgreSQL is used when unset', {
      pattern: '^postgres(ql)?://.+'
    })
  ),
  DATABASE_READ_URL: optional(
    text('Hot standby of DATABASE_URL for lists and statistics, which may then be slightly out of date', {
      pattern: '^postgres(ql)?://.+'
    })
  ),
  DATABASE_READ_MAX_LAG_MS: count(
    'Replication lag of the standby above which lists and statistics are read from DATABASE_URL',
    5_000,
    100,
    3_600_000
  ),
  DATABASE_POOL_SIZE: count('Database connections per process', 10, 2, 500),
  DATABASE_CONNECT_TIMEOUT_MS: count('Longest wait for a database connection', 2_000, 50, 60_000),
  DATABASE_STATEMENT_TIMEOUT_MS: count(
    'Longest run time of one SQL statement of a request',
    10_000,
    50,
    600_000
  ),
  DATABASE_START_TIMEOUT_MS: count('How long a starting server waits for the database', 30_000, 0, 600_000),
  DATABASE_POOLER: Type.Enum(['none', 'pgbouncer'], {
    description: 'Connection pooler in front of PostgreSQL; `pgbouncer` means PgBouncer in transaction mode',
    default: 'none'
  }),
  DATABASE_BUDGET: Type.Enum(['refuse', 'warn'], {
    description:
      'What to do at start when REPLICAS × DATABASE_POOL_SIZE exceeds the connections that PostgreSQL allows',
    default: 'refuse'
  }),
  DATABASE_MARGIN: count('PostgreSQL connections reserved for other programs', 10, 0, 10_000),
  REPLICAS: count('Number of processes that share the database, including workers', 1, 1, 10_000),
  REDIS_URL: optional(
    text(
      'Redis server, version 6.2 or newer, or `redis-cluster://HOST:PORT,HOST:PORT`; caching is in-process when unset',
      {
        pattern: '^rediss?(-cluster)?://.+'
      }
    )
  ),
  REDIS_PREFIX: text('Prefix of every key and channel in Redis', {
    default: 'fairlead:',
    maxLength: 64
  }),
  REDIS_REPLICAS: count(
    'Number of Redis replicas that must acknowledge a click before its redirect is answered, so that a failover loses none',
    0,
    0,
    5
  ),
  CACHE_ENTRIES: count('Size of the in-process cache, in links of about 0.4 KB', 50_000, 1, 10_000_000),
  CACHE_FRESH_MS: count('How long a cached link is used before it is refreshed', 60_000, 1, 86_400_000),
  LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    description: 'Lowest level that is logged',
    default: 'info'
  }),
  TRUST_PROXY: text(
    'Proxies whose X-Forwarded-* and X-Visit-Id headers are trusted: IP addresses or CIDRs, comma-separated',
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
    text(
      'Contact for vulnerability reports, shown in `/.well-known/security.txt`; the file is not served when unset',
      {
        pattern: '^(https://|mailto:|tel:)\\S+$'
      }
    )
  ),
  RATE_LIMIT: Type.Enum(['auto', 'on', 'off'], {
    description: 'Limits the request rate of each client; `auto` is on with `AUTH=keys`',
    default: 'auto'
  }),
  RATE_LIMIT_API: limit('API requests per key or IP address: `COUNT/SECONDS`', '1200/60'),
  RATE_LIMIT_CREATE: limit('Links and users created per key or IP address', '300/60'),
  RATE_LIMIT_BULK: limit('File imports and bulk changes per key or IP address', '30/60'),
  RATE_LIMIT_SIGN_IN: limit('Sign-in attempts per IP address', '10/60'),
  RATE_LIMIT_CREDENTIALS: limit('Requests with an invalid API key per IP address', '120/60'),
  RATE_LIMIT_UNKNOWN_CODES: limit('Requests for unknown short codes per IP address', '120/60'),
  RATE_LIMIT_PASSWORDS: limit(
    'Wrong passwords of links per IP address; only `RATE_LIMIT=off` turns this and the next limit off',
    '10/60'
  ),
  RATE_LIMIT_LINK_PASSWORDS: limit('Wrong passwords per link', '100/600'),
  SHED_EVENT_LOOP_MS: count(
    'Event-loop delay above which the server answers 503 to everything but redirects and probes; 0 turns this off',
    1_000,
    0,
    60_000
  ),
  SHED_HEAP_MB: count(
    'Used heap in MiB above which the server does the same; 0 turns this off',
    0,
    0,
    1_048_576
  ),
  SHED_RSS_MB: count(
    'Resident memory in MiB above which the server does the same; 0 turns this off',
    0,
    0,
    1_048_576
  ),
  TARGET_SCHEMES: text('URL schemes allowed for link targets, comma-separated', {
    default: 'http,https',
    format: 'schemes'
  }),
  TARGET_PRIVATE: Type.Enum(['allow', 'refuse', 'resolve'], {
    description:
      'Allows or refuses new links to private, link-local and loopback addresses and to local names; `resolve` also refuses names that resolve to such an address',
    default: 'allow'
  }),
  BLOCKED_HOSTS_FILE: optional(
    text(
      'File of blocked target hosts, one per line; `.example.com` includes all subdomains. Reloaded when it changes'
    )
  ),
  OWN_HOSTS: text(
    'Further hosts of this server beside that of PUBLIC_URL, comma-separated; new links to them are refused',
    {
      default: '',
      format: 'hosts'
    }
  ),
  TITLE_FETCH: Type.Enum(['off', 'on'], {
    description: "Fetches the target's title from the public internet for links created without one",
    default: 'off'
  }),
  ...CodeSettings.properties,
  BODY_LIMIT_BYTES: count('Largest JSON body, in bytes', 1_048_576, 1_024, 104_857_600),
  DETAILS_LIMIT_BYTES: count('Largest `details` of an event, in bytes of JSON', 32_768, 256, 1_048_576),
  BULK_LIMIT_BYTES: count('Largest file of a bulk import, in bytes', 1_073_741_824, 1_024, 1_099_511_627_776),
  CLICK_DURABILITY: Type.Enum(['acknowledged', 'buffered'], {
    description:
      '`acknowledged` answers a redirect after its click is in Redis or on disk; `buffered` answers first, and a crash may lose clicks',
    default: 'acknowledged'
  }),
  CLICK_DRAIN: Type.Enum(['on', 'off'], {
    description: 'Lets servers store clicks from the Redis stream; `off` leaves this to workers',
    default: 'on'
  }),
  CLICK_BATCH: count('Largest batch of clicks', 2_000, 1, 10_000),
  CLICK_WAIT_MS: count('How long a buffered click may wait for its batch to fill', 50, 1, 10_000),
  CLICK_GROUP_MS: count('With Redis: how long a click waits for others, if any come', 0, 0, 100),
  CLICK_PENDING: count(
    'Most clicks held in memory; beyond that clicks go to disk, and without Redis redirects are answered 503',
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
    'How long a consumer of the Redis stream may hold a batch before another consumer claims it',
    30_000,
    100,
    3_600_000
  ),
  CLICK_STORE_TIMEOUT_MS: count(
    'How long PostgreSQL may take to store a batch of clicks while Redis is down, before the batch goes to disk',
    2_000,
    50,
    60_000
  ),
  VISITOR_OPT_OUT: Type.Enum(['ignore', 'honour'], {
    description:
      '`honour` counts clicks with `DNT: 1` or `Sec-GPC: 1` without visitor, user agent and referrer',
    default: 'ignore'
  }),
  EVENT_RETENTION_MONTHS: count(
    'Months of events to keep beside the current month; 0 keeps all. Statistics are always kept',
    0,
    0,
    1_200
  ),
  AUDIT_RETENTION_MONTHS: count('Months of audit log entries to keep; 0 keeps all', 0, 0, 1_200),
  ...MonitoringSettings.properties,
  CLIENT_HEADERS_TIMEOUT_MS: count(
    'How long a client may take to send the headers of a request',
    15_000,
    100,
    600_000
  ),
  CLIENT_REQUEST_TIMEOUT_MS: count(
    'How long a client may take to send a whole request, including files',
    300_000,
    100,
    86_400_000
  ),
  READY_TIMEOUT_MS: count('Longest wait of a readiness check for one component', 1_000, 50, 30_000),
  DRAIN_MS: count('How long `/health/ready` answers 503 before the server starts to close', 0, 0, 600_000),
  LINGER_MS: count(
    'How long a closing server keeps idle connections open; set it above the keep-alive time of a proxy in front',
    3_000,
    0,
    600_000
  ),
  SHUTDOWN_TIMEOUT_MS: count('Longest graceful close; the process then exits', 15_000, 100, 600_000)
})

export type Settings = Static<typeof Settings>
