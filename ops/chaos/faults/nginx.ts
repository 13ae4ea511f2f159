import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Fault } from '#ops/chaos/fault.ts'
import { end, takeDown } from '#ops/chaos/units.ts'

/** Faults of nginx and of its clients. */

export const nginxFaults: Fault[] = [
  {
    name: 'nginx-reload',
    what: 'nginx reads its configuration again (SIGHUP), three times: it closes kept connections of clients that are idle.',
    testbed: 'plain',
    async run({ stack }) {
      for (let round = 0; round < 3; round++) {
        stack.unit('nginx').signal('SIGHUP')
        await wait(1_000)
      }
    }
  },
  {
    name: 'nginx-kill',
    what: 'nginx is killed (SIGKILL) and started again by its supervisor.',
    testbed: 'plain',
    mayFail: { kinds: ['follow', 'fresh', 'create'], because: 'there is one nginx' },
    run: (context) => end(context, context.stack.unit('nginx'), 'SIGKILL')
  },
  {
    name: 'nginx-gone',
    what: 'nginx is stopped, until an alert arrives.',
    testbed: 'plain',
    mayFail: { kinds: ['follow', 'fresh', 'create'], because: 'there is one nginx' },
    alerts: ['NginxDown'],
    run: (context) => takeDown(context, [context.stack.unit('nginx')], 3_000)
  },
  {
    name: 'slowloris',
    what: '500 clients send a byte of a request that never ends every 500 ms.',
    testbed: 'plain',
    async run({ stack, check }) {
      const { hostname, port } = new URL(stack.url)
      const sockets: Socket[] = []
      let closed = 0
      for (let at = 0; at < 500; at++) {
        const socket = connect(Number(port), hostname, () => socket.write('GET /a HTTP/1.1\r\nX-'))
        socket.on('error', () => undefined).once('close', () => closed++)
        sockets.push(socket.resume())
      }
      const timer = setInterval(() => {
        for (const socket of sockets) if (socket.writable) socket.write('a')
      }, 500)
      try {
        for (const end = performance.now() + 15_000; closed < 500 && performance.now() < end; ) await wait(50)
        check(`they are shown out within 15 s: ${closed} of 500`, closed === 500)
      } finally {
        clearInterval(timer)
        for (const socket of sockets) socket.destroy()
      }
    }
  },
  {
    name: 'load-spike',
    what: 'Ten times the load for 8 s.',
    testbed: 'plain',
    async run({ load, hold, note }) {
      const { skipped, rate } = load
      load.setRate(rate * 10)
      await hold(8_000).finally(() => load.setRate(rate))
      note(`${load.skipped - skipped} requests were not sent because all connections were busy`)
    }
  }
]
