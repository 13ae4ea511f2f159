import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Machine, PACKAGES, provision } from './provision.ts'

/** `npm run stack -- --provision`, with an apt-get that records its arguments. */

/** A folder on PATH with an apt-get that fails at `failing`, and a machine that lacks `missing`. */
async function prepare(t: Test, missing: string[], { failing = 'nothing', isRoot = true } = {}) {
  const folder = t.testdir()
  const [log, policy, script] = [join(folder, 'log'), join(folder, 'policy-rc.d'), join(folder, 'apt-get')]
  await writeFile(log, '')
  await writeFile(
    script,
    `#!/bin/sh
if [ "$1" = --version ]; then exit 0; fi
policy=none
if [ -x ${policy} ]; then ${policy}; policy=$?; fi
echo "$DEBIAN_FRONTEND $policy: $*" >> ${log}
[ "$1" != ${failing} ]
`
  )
  await chmod(script, 0o755)
  const { env } = process
  const path = env['PATH']
  env['PATH'] = `${folder}:/usr/bin:/bin`
  t.teardown(() => {
    env['PATH'] = path
  })
  const said: string[] = []
  const machine: Machine = {
    has: (command) => !missing.includes(command),
    isRoot,
    policy,
    log: (text) => said.push(text)
  }
  return { folder, machine, said, policy, read: async () => (await readFile(log, 'utf8')).trim().split('\n') }
}

t.test('missing programs are installed, and their services are not started', async (t) => {
  const { machine, said, policy, read } = await prepare(t, ['postgres', 'nginx'])
  await provision(machine)
  t.same(await read(), [
    'noninteractive 101: update -q',
    'noninteractive 101: install -y -q --no-install-recommends nginx postgresql'
  ])
  t.notOk(existsSync(policy), 'the policy is gone again')
  t.match(said, [/^Installing nginx, postgresql$/, /are installed$/])
})

t.test('it needs neither apt-get nor root when all is installed, and says so', async (t) => {
  const { machine, said, read } = await prepare(t, [], { isRoot: false })
  await provision(machine)
  t.same(said, ['All programs of the stack are installed'])
  t.same(await read(), [''])
})

t.test('a policy that the machine has stays as it is', async (t) => {
  const { machine, policy, read } = await prepare(t, ['redis-server'])
  await writeFile(policy, '#!/bin/sh\nexit 7\n', { mode: 0o755 })
  await provision(machine)
  t.match((await read())[1], / 7: install .* redis-server$/)
  t.match(await readFile(policy, 'utf8'), 'exit 7')
})

t.test('an error of apt-get is reported, and the policy is removed anyway', async (t) => {
  const { machine, policy, read } = await prepare(t, Object.values(PACKAGES), { failing: 'install' })
  await t.rejects(provision(machine), { message: 'apt-get install ended with 1' })
  t.match((await read())[1], new RegExp(` ${Object.keys(PACKAGES).join(' ')}$`))
  t.notOk(existsSync(policy))
})

t.test('without root or apt-get the error says what to do', async (t) => {
  const { folder, machine } = await prepare(t, ['nginx'], { isRoot: false })
  await t.rejects(provision(machine), /sudo npm run stack -- --provision/)
  await chmod(join(folder, 'apt-get'), 0o644)
  // biome-ignore lint/style/noProcessEnv: hides the system's own programs
  process.env['PATH'] = folder
  await t.rejects(provision({ ...machine, isRoot: true }), /apt-get is missing: install nginx/)
})
