import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { readPolicies, readSessions, type SessionConfig } from '#apps/config-access.ts'
import { ConfigError } from '#apps/config-error.ts'
import { FORMATS, splitList } from '#apps/setting-formats.ts'
import { Settings } from '#apps/settings.ts'
import { type CodeConfig, readCodes } from '#apps/settings-codes.ts'
import { readHome, readVisitorPages, type VisitorPageConfig } from '#apps/settings-pages.ts'
import { describeSettings } from '#apps/settings-report.ts'
import type { AccessOptions } from '#platform/access/index.ts'
import type { DatabaseOptions } from '#platform/database/index.ts'
import type { OriginOptions } from '#platform/http/origins.ts'
import type { WellKnownOptions } from '#platform/http/well-known.ts'
import type { LimitOptions } from '#platform/limits/index.ts'
import type { SheddingOptions } from '#platform/limits/shedding.ts'
import type { Lookup, PublicFetchOptions } from '#platform/net/safe-fetch.ts'
import type { LifecycleOptions } from '#platform/observability/lifecycle.ts'
import type { QueueOptions } from '#platform/queue/index.ts'
import type { SystemSetting } from '#schema/shapes/system.ts'

/** The validated settings, grouped as the options of the plugins. Times are in milliseconds. */
export interface Config {
  readonly settings: Settings
  readonly server: { host: string; port: number; workerPort: number; trustProxy: string[]; bodyLimit: number }
  readonly clients: { headersTimeoutMs: number; requestTimeoutMs: number }
  readonly access: AccessOptions
  readonly keys: { adminKey: string | undefined }
  readonly limits: LimitOptions
  readonly shedding: SheddingOptions
  readonly sessions: SessionConfig
  readonly origins: OriginOptions
  readonly pages: { home: string | null; dashboard: DashboardConfig | null }
  readonly wellKnown: Omit<WellKnownOptions, 'routes'>
  readonly log: { level: Settings['LOG_LEVEL']; pretty: boolean; traced: boolean }
  readonly tracing: { endpoint: string | undefined; sample: number }
  readonly database: DatabaseOptions
  readonly redis: { url: string | undefined; prefix: string }
  readonly cache: { maxEntries: number; freshMs: number }
  readonly clicks: Omit<QueueOptions, 'log'>
  readonly audit: { retentionMonths: number }
  readonly validation: { schemes: string[] }
  readonly urls: {
    publicUrl: string | undefined
    codes: CodeConfig
    schemes: string[]
    targets: { ownHosts: string[]; allowsPrivate: boolean; resolves: boolean; lookup?: Lookup }
  }
  readonly blocklist: { file: string | undefined; fileEveryMs?: number; everyMs?: number }
  readonly titles: { fetches: boolean; network?: Partial<PublicFetchOptions> }
  readonly redirects: { honourOptOut: boolean; fastLane: boolean } & VisitorPageConfig
  readonly events: { maxDetailsBytes: number; retentionMonths: number }
  readonly imports: { limitBytes: number }
  readonly health: { timeoutMs: number }
  readonly lifecycle: LifecycleOptions
  readonly system: {
    prometheusUrl: string | undefined
    isBundled: boolean
    replicas: number
    settings: SystemSetting[]
  }
  readonly shutdown: { timeoutMs: number }
}

/** What the dashboard needs to know of the settings. */
export interface DashboardConfig {
  auth: Settings['AUTH']
  signsInAtProvider: boolean
  /** Maximum bytes of a file to import. */
  uploadLimitBytes: number
}

/**
 * Reads the environment once. Takes a map of variables; an empty value counts as unset. If only `NAME_FILE`
 * is set, the value of `NAME` is the content of that file, as Docker and Kubernetes supply secrets. Returns
 * the frozen {@link Config}. Throws a {@link ConfigError} that lists every invalid variable, without secrets.
 */
export function readConfig(env: Record<string, string | undefined>, terminal = false): Config {
  const settings: Record<string, unknown> = {}
  for (const name of Object.keys(Settings.properties)) {
    const value = env[name]?.trim() || readSecret(name, env[`${name}_FILE`])
    if (value) settings[name] = value
  }
  const ajv = new Ajv({ coerceTypes: true, useDefaults: true, allErrors: true, strict: false })
  addFormats.default(ajv)
  for (const [name, isGood] of Object.entries(FORMATS)) ajv.addFormat(name, isGood)
  const isValid = ajv.compile<Settings>(Settings)
  if (!isValid(settings)) {
    const lines = (isValid.errors ?? []).map((error) => {
      const name = error.instancePath.slice(1)
      const property = (Settings.properties as Record<string, { description?: string }>)[name]
      const allowed = error.keyword === 'enum' ? `: ${error.params['allowedValues'].join(', ')}` : ''
      return `${name} ${error.message}${allowed} (${property?.description})`
    })
    throw new ConfigError(lines)
  }
  const own = URL.parse(settings.PUBLIC_URL ?? '')?.origin
  return Object.freeze({
    settings,
    server: {
      host: settings.HOST,
      port: settings.PORT,
      workerPort: settings.WORKER_PORT,
      trustProxy: splitList(settings.TRUST_PROXY),
      bodyLimit: settings.BODY_LIMIT_BYTES
    },
    access: { mode: settings.AUTH },
    keys: { adminKey: settings.ADMIN_KEY },
    limits: { policies: readPolicies(settings) },
    shedding: {
      eventLoopMs: settings.SHED_EVENT_LOOP_MS,
      heapBytes: settings.SHED_HEAP_MB * 1_048_576,
      rssBytes: settings.SHED_RSS_MB * 1_048_576
    },
    sessions: readSessions(settings, own),
    origins: {
      allowed: splitList(settings.CORS_ORIGINS),
      own,
      ownHosts: splitList(settings.OWN_HOSTS),
      // A proxy in front may use any host name.
      onlyLocal:
        settings.AUTH === 'open' && settings.AUTH_OPEN_BEYOND_LOOPBACK === 'no' && settings.TRUST_PROXY === ''
    },
    pages: {
      home: readHome(settings),
      dashboard:
        settings.DASHBOARD === 'on'
          ? {
              auth: settings.AUTH,
              signsInAtProvider: settings.OIDC_ISSUER !== undefined,
              uploadLimitBytes: settings.BULK_LIMIT_BYTES
            }
          : null
    },
    wellKnown: { contact: settings.SECURITY_CONTACT, own },
    clients: {
      headersTimeoutMs: Math.min(settings.CLIENT_HEADERS_TIMEOUT_MS, settings.CLIENT_REQUEST_TIMEOUT_MS),
      requestTimeoutMs: settings.CLIENT_REQUEST_TIMEOUT_MS
    },
    log: {
      level: settings.LOG_LEVEL,
      pretty: terminal,
      traced: settings.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined
    },
    tracing: {
      endpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
      sample: settings.OTEL_TRACES_SAMPLER_ARG
    },
    database: {
      url: settings.DATABASE_URL,
      readUrl: settings.DATABASE_READ_URL,
      readMaxLagMs: settings.DATABASE_READ_MAX_LAG_MS,
      dataDir: resolve(settings.DATA_DIR),
      poolSize: settings.DATABASE_POOL_SIZE,
      connectTimeoutMs: settings.DATABASE_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: settings.DATABASE_STATEMENT_TIMEOUT_MS,
      startTimeoutMs: settings.DATABASE_START_TIMEOUT_MS,
      pooler: settings.DATABASE_POOLER,
      budget: settings.DATABASE_BUDGET,
      replicas: settings.REPLICAS,
      margin: settings.DATABASE_MARGIN
    },
    redis: { url: settings.REDIS_URL, prefix: settings.REDIS_PREFIX },
    cache: { maxEntries: settings.CACHE_ENTRIES, freshMs: settings.CACHE_FRESH_MS },
    clicks: {
      durability: settings.CLICK_DURABILITY,
      drain: settings.CLICK_DRAIN === 'on',
      dataDir: resolve(settings.DATA_DIR),
      maxLogBytes: settings.CLICK_LOG_MB * 1_048_576,
      redisReplicas: settings.REDIS_REPLICAS,
      maxBatch: settings.CLICK_BATCH,
      waitMs: settings.CLICK_WAIT_MS,
      groupMs: settings.CLICK_GROUP_MS,
      maxPending: settings.CLICK_PENDING,
      takeOverMs: settings.CLICK_TAKE_OVER_MS,
      storeTimeoutMs: settings.CLICK_STORE_TIMEOUT_MS,
      closeTimeoutMs: Math.min(5_000, settings.SHUTDOWN_TIMEOUT_MS / 2)
    },
    audit: { retentionMonths: settings.AUDIT_RETENTION_MONTHS },
    validation: { schemes: splitList(settings.TARGET_SCHEMES) },
    urls: {
      publicUrl: settings.PUBLIC_URL?.replace(/\/+$/, ''),
      codes: readCodes(settings),
      schemes: splitList(settings.TARGET_SCHEMES),
      targets: {
        ownHosts: splitList(settings.OWN_HOSTS),
        allowsPrivate: settings.TARGET_PRIVATE === 'allow',
        resolves: settings.TARGET_PRIVATE === 'resolve'
      }
    },
    blocklist: { file: settings.BLOCKED_HOSTS_FILE && resolve(settings.BLOCKED_HOSTS_FILE) },
    titles: { fetches: settings.TITLE_FETCH === 'on' },
    redirects: {
      honourOptOut: settings.VISITOR_OPT_OUT === 'honour',
      fastLane: settings.OTEL_EXPORTER_OTLP_ENDPOINT === undefined,
      ...readVisitorPages(settings)
    },
    events: {
      maxDetailsBytes: settings.DETAILS_LIMIT_BYTES,
      retentionMonths: settings.EVENT_RETENTION_MONTHS
    },
    imports: { limitBytes: settings.BULK_LIMIT_BYTES },
    health: { timeoutMs: settings.READY_TIMEOUT_MS },
    lifecycle: {
      drainMs: settings.DRAIN_MS,
      // The shutdown spends this time before the close and again within it, so limit it.
      lingerMs: Math.min(settings.LINGER_MS, settings.SHUTDOWN_TIMEOUT_MS / 3)
    },
    system: {
      prometheusUrl: settings.PROMETHEUS_URL?.replace(/\/+$/, ''),
      isBundled: settings.DATABASE_URL === undefined,
      replicas: settings.REPLICAS,
      settings: describeSettings(settings)
    },
    shutdown: { timeoutMs: settings.SHUTDOWN_TIMEOUT_MS }
  })
}

function readSecret(name: string, file: string | undefined): string | undefined {
  if (!file?.trim()) return undefined
  try {
    return readFileSync(file.trim(), 'utf8').trim()
  } catch (error) {
    throw new ConfigError([`${name}_FILE names a file that can not be read: ${(error as Error).message}`])
  }
}
