import { median } from '#loadtest/median.ts'
import { type Bar, bars, COLOURS, label, picture } from '#loadtest/svg.ts'
import type { Outcome } from './pairs.ts'

const NAMES: Record<string, string> = {
  fairlead: 'Fairlead',
  fastify: 'bare Fastify',
  raw: 'node:http',
  postgres: 'Fastify + pg'
}

/** Draws the CPU time per request of each case and its references. */
export function drawBench(outcomes: Outcome[]): string {
  const groups = outcomes.map((outcome) => {
    const list = Object.entries(outcome.samples).map(([name, samples], index): Bar => {
      const micros = median(samples.map((one) => one.cpuMicros))
      const rps = Math.round(median(samples.map((one) => one.rps)))
      return {
        label: NAMES[name] ?? name,
        value: micros,
        text: `${micros.toFixed(1)} µs, ${rps.toLocaleString('en')} a second`,
        colour: COLOURS[name === 'fairlead' ? 0 : 2] ?? COLOURS[index] ?? ''
      }
    })
    return { title: outcome.title, list }
  })
  const most = Math.max(...groups.flatMap(({ list }) => list.map(({ value }) => value)))
  let y = 44
  const parts = groups.flatMap(({ title, list }) => {
    const top = y
    y += list.length * 18 + 34
    return [label(16, top + 12, title, { weight: 600 }), bars(120, top + 20, 520, most, list)]
  })
  return picture(840, y + 8, 'CPU time a request, one process, 100 connections', parts)
}
