import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { Settings } from '#apps/settings.ts'
import { type Built, build, type Resource, readResources } from './manifests.ts'
import { makePrometheusRule, RULE_FILE } from './rules.ts'

/** House rules of the manifests, in every environment. kubeconform checks them against the schemas in CI. */

const OVERLAYS = join(import.meta.dirname, 'overlays')
const environments = readdirSync(OVERLAYS).map((name) => [name, build(join(OVERLAYS, name))] as const)

interface Container {
  name: string
  image: string
  ports: { name: string; containerPort: number }[]
  [field: string]: unknown
}

function deploymentsOf({ resources }: Built): Resource[] {
  return resources.filter(({ kind }) => kind === 'Deployment')
}
function containersOf({ spec }: Resource): Container[] {
  return spec.template.spec.containers
}
/** The resources that create pods: the Deployments, and the jobs. */
function podsOf({ resources }: Built): { name: string; pod: Resource['spec']; containers: Container[] }[] {
  return resources
    .map(({ kind, metadata, spec }) => {
      const template = kind === 'Deployment' ? spec.template : spec?.jobTemplate?.spec.template
      return { name: metadata.name, pod: template?.spec, containers: template?.spec.containers ?? [] }
    })
    .filter(({ pod }) => pod !== undefined)
}
function find({ resources }: Built, kind: string, name: string): Resource {
  const found = resources.find((one) => one.kind === kind && one.metadata.name === name)
  if (!found) throw new Error(`There is no ${kind} ${name}`)
  return found
}
function selects(selector: Record<string, string>, { spec }: Resource): boolean {
  return Object.entries(selector).every(([key, value]) => spec.template.metadata.labels[key] === value)
}

t.test('there are environments, with the same resources', async (t) => {
  t.same(
    environments.map(([name]) => name),
    ['production', 'staging']
  )
  const names = environments.map(([, { resources }]) =>
    resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()
  )
  t.ok((names[0]?.length ?? 0) >= 20)
  t.same(names[0], names[1])
  t.equal(new Set(names[0]).size, names[0]?.length, 'no two are the same')
  for (const [name, { namespace }] of environments) t.match(namespace, /^fairlead/, name)
})

for (const [environment, built] of environments) {
  t.test(`${environment}: every container is confined and limited`, async (t) => {
    t.equal(podsOf(built).length, 5)
    for (const { name, pod, containers } of podsOf(built)) {
      t.match(pod.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }, name)
      t.ok(pod.securityContext.runAsUser > 0)
      t.equal(pod.automountServiceAccountToken, false)
      t.equal(find(built, 'ServiceAccount', pod.serviceAccountName)['automountServiceAccountToken'], false)
      t.equal(pod.enableServiceLinks, false, 'a Service sets no setting')
      for (const container of containers) {
        t.same(container['securityContext'], {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] }
        })
        t.match(container['resources'], {
          requests: { cpu: /^\d+m$/, memory: /^\d+Mi$/, 'ephemeral-storage': /i$/ },
          limits: { memory: /^\d+Mi$/, 'ephemeral-storage': /i$/ }
        })
        t.ok(container.image === 'fairlead' || /:.*\d/.test(container.image), container.image)
      }
    }
  })

  t.test(`${environment}: what serves is probed and spread`, async (t) => {
    t.equal(deploymentsOf(built).length, 3)
    for (const deployment of deploymentsOf(built)) {
      for (const { topologyKey, labelSelector } of deployment.spec.template.spec.topologySpreadConstraints) {
        t.ok(topologyKey)
        t.ok(selects(labelSelector.matchLabels, deployment), 'it spreads its own pods')
      }
      const [main] = containersOf(deployment)
      for (const container of containersOf(deployment)) {
        const probes =
          container === main ? ['startupProbe', 'readinessProbe', 'livenessProbe'] : ['livenessProbe']
        for (const name of probes) {
          const probe = container[name] as { httpGet: { port: string | number } }
          const ports = container.ports.map((port) => port.name)
          t.ok([...ports, 8081].includes(probe.httpGet.port), `${container.name} ${name}`)
        }
      }
    }
  })

  t.test(`${environment}: a rollout takes nothing away, and nothing ends before its time`, async (t) => {
    for (const deployment of deploymentsOf(built)) {
      const { name } = deployment.metadata
      t.same(deployment.spec.strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 }, name)
      t.ok(deployment.spec.minReadySeconds >= 5 && deployment.spec.revisionHistoryLimit >= 2, name)
      const pause = Math.max(
        ...containersOf(deployment).map(
          ({ lifecycle }) =>
            (lifecycle as { preStop: { sleep: { seconds: number } } })?.preStop.sleep.seconds ?? 0
        )
      )
      const close = name === 'nginx' ? 30 : Number(built.settings['SHUTDOWN_TIMEOUT_MS']) / 1_000
      const drain = Number(built.settings['DRAIN_MS'] ?? 0) / 1_000
      t.ok(pause + drain + close + 5 <= deployment.spec.template.spec.terminationGracePeriodSeconds, name)
      const budget = find(built, 'PodDisruptionBudget', name)
      t.same(budget.spec.selector.matchLabels, deployment.spec.selector.matchLabels, name)
    }
    const server = find(built, 'Deployment', 'fairlead')
    t.notOk('replicas' in server.spec, 'the autoscaler says how many there are')
    t.match(find(built, 'HorizontalPodAutoscaler', 'fairlead').spec.scaleTargetRef, {
      kind: 'Deployment',
      name: 'fairlead'
    })
  })

  t.test(
    `${environment}: each kind of backup is taken each night, by the scripts of ops/backup`,
    async (t) => {
      const jobs = built.resources.filter(({ kind }) => kind === 'CronJob')
      t.same(
        jobs.map(({ metadata }) => metadata.name),
        ['backup-dump', 'backup-base'],
        'the names in the alert BackupStale'
      )
      const compose = parse(readFileSync(join(import.meta.dirname, '..', '..', 'compose.yaml'), 'utf8'))
      for (const { spec } of jobs) {
        t.match(spec, { schedule: /^\d+ \d+ \* \* \*$/, timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid' })
        const { template, activeDeadlineSeconds } = spec.jobTemplate.spec
        t.ok(activeDeadlineSeconds > 0 && spec.startingDeadlineSeconds > 0)
        const [container] = template.spec.containers
        t.equal(container.image, compose.services.postgres.image, 'the same PostgreSQL everywhere')
        const [, script = ''] = /^\/opt\/fairlead\/backup\/(.+)$/.exec(container.command[1]) ?? []
        const scripts = built.files['backup-scripts'] ?? []
        for (const file of [script, 'common.sh'])
          t.ok(
            scripts.some((path) => path.endsWith(`/${file}`)),
            file
          )
        const [policy] = built.resources.filter(
          ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'backup'
        )
        t.match(template.metadata.labels, policy?.spec.podSelector.matchLabels)
        const claim = template.spec.volumes.find((volume: { name: string }) => volume.name === 'backups')
        find(built, 'PersistentVolumeClaim', claim.persistentVolumeClaim.claimName)
      }
    }
  )

  t.test(`${environment}: labels, selectors and ports agree`, async (t) => {
    const deployments = deploymentsOf(built)
    const services = built.resources.filter(({ kind }) => kind === 'Service')
    t.equal(services.length, 3)
    for (const deployment of deployments) {
      t.ok(selects(deployment.spec.selector.matchLabels, deployment))
      t.equal(deployments.filter((one) => selects(deployment.spec.selector.matchLabels, one)).length, 1)
    }
    for (const { metadata, spec } of services) {
      const [deployment, ...more] = deployments.filter((one) => selects(spec.selector, one))
      if (!deployment) throw new Error(`Service ${metadata.name} selects nothing`)
      t.equal(more.length, 0)
      t.equal(deployment.metadata.name, metadata.name, "the name of the job in Prometheus' rules")
      const ports = containersOf(deployment).flatMap((container) => container.ports.map(({ name }) => name))
      for (const { targetPort } of spec.ports)
        t.ok(ports.includes(targetPort), `${metadata.name} ${targetPort}`)
    }
    const monitored = built.resources
      .filter(({ kind }) => kind === 'ServiceMonitor')
      .flatMap(({ spec }) =>
        services.filter(({ metadata, ...service }) => {
          const wanted = Object.entries(spec.selector.matchLabels as Record<string, string>)
          if (!wanted.every(([key, value]) => metadata.labels?.[key] === value)) return false
          for (const { port } of spec.endpoints)
            t.ok((service.spec.ports as { name: string }[]).some(({ name }) => name === port))
          return true
        })
      )
    t.equal(monitored.length, services.length, 'every Service is watched, once')
  })

  t.test(`${environment}: only nginx is reached, only by the gateway`, async (t) => {
    const policies = built.resources.filter(({ kind }) => kind === 'NetworkPolicy')
    const refuses = policies.find(({ metadata }) => metadata.name === 'default-deny')
    t.same(refuses?.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
    for (const { metadata, spec } of policies)
      for (const rule of spec.ingress ?? []) {
        t.ok(rule.from.length > 0 && rule.ports.length > 0, metadata.name)
        const ports = rule.ports.map(({ port }: { port: string }) => port)
        for (const { podSelector, namespaceSelector } of rule.from) {
          const from = namespaceSelector?.matchLabels['kubernetes.io/metadata.name']
          const component = podSelector?.matchLabels['app.kubernetes.io/component']
          const route = `${component ?? from} → ${metadata.name} ${ports.join()}`
          t.match(
            route,
            /^(gateway → nginx http|monitoring → nginx metrics|(proxy|monitoring) → server http|monitoring → worker http)$/
          )
        }
      }
    const route = find(built, 'HTTPRoute', 'fairlead')
    for (const { backendRefs } of route.spec.rules) t.same(backendRefs, [{ name: 'nginx', port: 80 }])
    const hosts = route.spec.hostnames.map((host: string) => `https://${host}`)
    t.same(hosts, [built.settings['PUBLIC_URL']])
    t.notOk(built.resources.some(({ kind, spec }) => kind === 'Service' && spec.type !== undefined))
    t.notOk(
      built.resources.some(({ kind }) => kind === 'Secret'),
      'secrets are not in here'
    )
  })

  t.test(`${environment}: settings exist, and all that may run have connections`, async (t) => {
    const known = Settings.properties as Record<string, unknown>
    for (const name of Object.keys(built.settings)) t.ok(name in known, name)
    for (const name of ['fairlead', 'fairlead-worker']) {
      const [container] = containersOf(find(built, 'Deployment', name))
      const port = built.settings[name === 'fairlead' ? 'PORT' : 'WORKER_PORT']
      t.equal(`${container?.ports[0]?.containerPort}`, port)
      const secrets = (container?.['env'] ?? []) as { name: string; value: string }[]
      const wanted = ['DATABASE_URL_FILE', 'REDIS_URL_FILE']
      if (name === 'fairlead') wanted.unshift('ADMIN_KEY_FILE')
      t.same(secrets.map((one) => one.name).sort(), wanted)
      for (const secret of secrets) {
        t.ok(secret.name.replace(/_FILE$/, '') in known)
        t.match(secret.value, /^\/run\/secrets\/fairlead\//)
      }
    }
    const { maxReplicas } = find(built, 'HorizontalPodAutoscaler', 'fairlead').spec
    const workers = find(built, 'Deployment', 'fairlead-worker').spec.replicas
    // Each rollout adds one replica, and up to two old ones may still be terminating.
    const most = maxReplicas + 3 + workers + 1
    t.ok(Number(built.settings['REPLICAS']) >= most, `${built.settings['REPLICAS']} of ${most}`)
    t.ok(Number(built.settings['REPLICAS']) * Number(built.settings['DATABASE_POOL_SIZE']) <= 150 - 3 - 10)
  })

  t.test(`${environment}: files of ConfigMaps exist, and what nginx reads is all set`, async (t) => {
    for (const file of Object.values(built.files).flat()) t.ok(existsSync(file), file)
    const boards = readdirSync(join(import.meta.dirname, '..', 'grafana', 'dashboards'))
    t.equal(built.files['fairlead-dashboards']?.length, boards.length, 'every dashboard')
    const template = readFileSync(built.files['nginx-templates']?.[0] ?? '', 'utf8')
    const wanted = new Set([...template.matchAll(/\$\{(FAIRLEAD_\w+)\}/g)].map(([, name = '']) => name))
    const [nginx] = containersOf(find(built, 'Deployment', 'nginx'))
    const set = ((nginx?.['env'] ?? []) as { name: string }[]).map(({ name }) => name)
    t.ok(wanted.size >= 7)
    for (const name of wanted) t.ok(set.includes(name), name)
  })
}

t.test('the PrometheusRule holds the rules of ops/prometheus, and says where runbooks are', async (t) => {
  t.equal(readFileSync(RULE_FILE, 'utf8'), makePrometheusRule(), 'else run node ops/prometheus/make-rules.ts')
  interface Rule {
    alert?: string
    expr: string
    annotations?: { runbook_url: string }
  }
  const flatten = (groups: { rules: Rule[] }[]) =>
    groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => `${alert} ${expr}`))
  const [rule] = readResources(RULE_FILE)
  const folder = join(import.meta.dirname, '..', 'prometheus', 'rules')
  const files = readdirSync(folder).sort()
  const shipped = files.flatMap((file) => flatten(parse(readFileSync(join(folder, file), 'utf8')).groups))
  t.ok(shipped.length > 50)
  const groups: { rules: Rule[] }[] = rule?.spec.groups ?? []
  t.same(flatten(groups), shipped)
  for (const { alert, annotations } of groups.flatMap(({ rules }) => rules))
    if (alert) t.match(annotations?.runbook_url, /^https:\/\/\S+\/ops\/runbooks\/[a-z-]+\.md$/)
})
