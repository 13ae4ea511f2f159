import t from 'tap'
import { served } from './subject.ts'

served(t, async (t, api) => {
  t.test('says that it is well', async (t) => {
    for (const path of ['/health', '/health/live']) {
      const { status, json } = await api('GET', path)
      t.equal(status, 200)
      t.equal(json.status, 'ok')
    }
    const ready = await api('GET', '/health/ready')
    t.equal(ready.status, 200)
    const check = { status: 'ok', ms: Number }
    t.match(ready.json, { status: 'ok', checks: { database: check, cache: check } })
  })

  t.test('its metrics are in the format of Prometheus, requests by route pattern', async (t) => {
    await api('GET', '/users/0')
    const { status, headers, text } = await api('GET', '/metrics')
    t.equal(status, 200)
    t.match(headers.get('content-type'), /^text\/plain/)
    const sample = /^[a-zA-Z_:][\w:]*(\{[^{}]*\})? (-?[\d.]+(e[+-]?\d+)?|NaN|[+-]?Inf)( \d+)?$/i
    const odd = text.split('\n').filter((line) => line !== '' && !line.startsWith('# ') && !sample.test(line))
    t.same(odd, [])
    t.match(text, /^http_request_duration_seconds_count\{.*route="\/users\/:id".*\} \d+$/m)
    t.match(text, /^process_cpu_seconds_total /m)
    t.match(text, /^fairlead_build_info\{version="\d+\.\d+\.\d+",node="v\d+[.\d]+"\} 1$/m)
    t.match(text, /^fairlead_draining 0$/m)
  })

  t.test('a flood of unknown paths adds no series', async (t) => {
    const list = async () =>
      (await api('GET', '/metrics')).text
        .split('\n')
        .map((line) => line.replace(/ [^ ]*$/, ''))
        // Node adds its few kinds of garbage collection and open handles when they first occur.
        .filter((series) => !/^nodejs_(gc|active)_/.test(series))
    const flood = (round: number) =>
      Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          api(index % 2 === 0 ? 'GET' : 'DELETE', `/flood/${round}-${index}/${index % 7}?a=${index}`)
        )
      )
    await flood(0)
    const before = new Set(await list())
    await flood(1)
    t.same(
      (await list()).filter((series) => !before.has(series)),
      []
    )
  })

  t.test('describes every route of the contract', async (t) => {
    const { status, json } = await api('GET', '/openapi.json')
    t.equal(status, 200)
    t.match(json.openapi, /^3\./)
    const described = Object.entries<object>(json.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/, '{}')}`)
    )
    const contract = [
      'GET /health',
      'GET /health/live',
      'GET /health/ready',
      'GET /users',
      'POST /users',
      'POST /users/bulk',
      'GET /users/{}',
      'PUT /users/{}',
      'DELETE /users/{}',
      'GET /urls',
      'POST /urls',
      'POST /urls/bulk',
      'POST /shorten',
      'GET /urls/{}',
      'PUT /urls/{}',
      'PATCH /urls/{}',
      'POST /urls/{}/restore',
      'GET /urls/{}/history',
      'DELETE /urls/{}',
      'GET /events',
      'POST /events',
      'POST /events/bulk',
      'GET /events/{}',
      'GET /{}',
      'GET /s/{}',
      'GET /urls/{}/redirect'
    ]
    t.same(
      contract.filter((route) => !described.includes(route)),
      []
    )
  })

  t.test('shows people how to use it', async (t) => {
    const front = await api('GET', '/', { headers: { accept: 'text/html' } })
    t.equal(front.status, 302)
    const location = front.headers.get('location') ?? ''
    const docs = await api('GET', new URL(location, 'http://host').pathname)
    t.equal(docs.status, 200)
    t.match(docs.headers.get('content-type'), /html/)
  })
})
