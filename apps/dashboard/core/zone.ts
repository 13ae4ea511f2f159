import { computed, signal } from '@preact/signals'
import { onOtherTab } from './other-tabs.ts'
import { readPreference, writePreference } from './storage.ts'

/** The time zone of what the pages show, and of the times that a person enters. */

export const deviceZone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** The zone that a person has chosen; null for that of the device. */
export const chosenZone = signal(readChoice())

export const zone = computed(() => chosenZone.value ?? deviceZone)

function readChoice(): string | null {
  const name = readPreference('zone')
  return name !== null && isZone(name) ? name : null
}

export function setZone(next: string | null): void {
  writePreference('zone', next)
  chosenZone.value = next
}

onOtherTab('zone', () => {
  chosenZone.value = readChoice()
})

/** The zones that the browser knows, that of the device first. */
export function listZones(): string[] {
  return [...new Set([deviceZone, 'UTC', ...Intl.supportedValuesOf('timeZone')])]
}

/** The name of a zone for people. */
export const nameZone = (name: string) => name.replaceAll('_', ' ')

export function isZone(name: string): boolean {
  try {
    offsetOf(0, name)
    return true
  } catch {
    return false
  }
}

/** By how much the clocks of `name` are ahead of UTC at `time`, in milliseconds. */
function offsetOf(time: number, name: string): number {
  const format = new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' })
  const offset = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  // `GMT-03:30`; for UTC only `GMT`.
  const [, sign, hours = 0, minutes = 0, seconds = 0] =
    /([+-])(\d+):(\d+)(?::(\d+))?/.exec(offset.replace('\u2212', '-')) ?? []
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000
  return sign === '-' ? -ms : ms
}

/** Formats a time for `datetime-local`: without seconds, and years without a sign. */
export function toLocal(date: Date): string {
  const local = new Date(date.getTime() + offsetOf(date.getTime(), zone.value))
  return local.toISOString().slice(0, -8).replace(/^\+0*/, '')
}

/** Reads what a `datetime-local` field has. */
export function fromLocal(text: string): Date {
  const [, year = '', rest] = /^(\d+)(-.*)$/.exec(text) ?? []
  const local = Date.parse(`${year.length > 4 ? `+${year.padStart(6, '0')}` : year}${rest}Z`)
  const near = local - offsetOf(local, zone.value)
  // The offset that applies then may differ from the one that applies at the same time in UTC.
  return new Date(local - offsetOf(near, zone.value))
}
