import fc from 'fast-check'
import t from 'tap'
import { DAY_MS, HOUR_MS } from './aggregate.ts'
import { cutBuckets, firstOf, isTimeZone, startOfDay, type Unit } from './buckets.ts'

const cut = (from: string, to: string, unit: Unit, tz: string) =>
  cutBuckets(Date.parse(from), Date.parse(to), unit, tz, 1_000)?.map((bound) =>
    new Date(bound).toISOString().slice(0, 13)
  )

t.test('days have 23 and 25 hours where the clocks of Berlin change', async (t) => {
  t.same(cut('2025-03-29T12:00Z', '2025-03-30T12:00Z', 'day', 'Europe/Berlin'), [
    '2025-03-28T23',
    '2025-03-29T23',
    '2025-03-30T22'
  ])
  t.same(cut('2025-10-25T12:00Z', '2025-10-26T12:00Z', 'day', 'Europe/Berlin'), [
    '2025-10-24T22',
    '2025-10-25T22',
    '2025-10-26T23'
  ])
})

t.test('a day without a midnight begins after the clock change', async (t) => {
  // São Paulo went from 23:59:59 to 01:00 on 4 November 2018.
  t.same(cut('2018-11-03T12:00Z', '2018-11-04T12:00Z', 'day', 'America/Sao_Paulo'), [
    '2018-11-03T03',
    '2018-11-04T03',
    '2018-11-05T02'
  ])
})

t.test('a day that a zone skipped has no bucket', async (t) => {
  // Samoa went from 29 to 31 December 2011.
  t.same(cut('2011-12-29T12:00Z', '2011-12-30T12:00Z', 'day', 'Pacific/Apia'), [
    '2011-12-29T10',
    '2011-12-30T10',
    '2011-12-31T10'
  ])
})

t.test('in a zone with a half-hour offset, an hour belongs to the day in which it begins', async (t) => {
  t.same(cut('2025-10-25T18:45Z', '2025-10-25T19:00Z', 'day', 'Asia/Kolkata'), [
    '2025-10-24T19',
    '2025-10-25T19',
    '2025-10-26T19'
  ])
})

t.test('weeks begin on Monday, months on the first', async (t) => {
  t.same(cut('2026-01-01', '2026-01-05', 'week', 'UTC'), ['2025-12-29T00', '2026-01-05T00', '2026-01-12T00'])
  t.same(cut('2025-12-15', '2026-01-01', 'month', 'America/New_York'), ['2025-12-01T05', '2026-01-01T05'])
})

t.test('a range of too many buckets is null', async (t) => {
  t.equal(cutBuckets(0, 1_000 * HOUR_MS, 'hour', 'UTC', 1_000), null)
  t.equal(cutBuckets(0, 1_000 * HOUR_MS - 1, 'hour', 'UTC', 1_000)?.length, 1_001)
  t.equal(cutBuckets(0, 1_000 * DAY_MS, 'day', 'Europe/Berlin', 1_000), null)
  t.equal(cutBuckets(0, 8e15, 'month', 'UTC', 1_000), null)
})

t.test('isTimeZone accepts the names of the IANA database', async (t) => {
  for (const tz of ['UTC', 'Europe/Berlin', 'America/Argentina/Ushuaia', 'Etc/GMT+3'])
    t.ok(isTimeZone(tz), tz)
  for (const tz of ['', 'Mars/Base', '+02:00', 'Europe/Berlin\u0000', 'x'.repeat(100)])
    t.notOk(isTimeZone(tz), tz)
})

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia'
]

t.test('buckets of any range and zone contain its ends, ascend, and start on whole hours', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2100, 0, 1) }),
      fc.integer({ min: 0, max: 40 * DAY_MS }),
      fc.constantFrom<Unit>('hour', 'day', 'week', 'month'),
      fc.constantFrom(...zones),
      (from, length, unit, tz) => {
        const bounds = cutBuckets(from, from + length, unit, tz, 1_000) ?? []
        const [first = Number.NaN, second = Number.NaN] = bounds
        const [last = Number.NaN, end = Number.NaN] = bounds.slice(-2)
        return (
          first <= from &&
          from < second &&
          last <= from + length &&
          from + length < end &&
          bounds.every((bound, place) => bound % HOUR_MS === 0 && bound > (bounds[place - 1] ?? -Infinity))
        )
      }
    )
  )
})

t.test('firstOf starts a range of the given number of buckets', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(2013, 0, 1), max: Date.UTC(2100, 0, 1) }),
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom<Unit>('hour', 'day', 'week', 'month'),
      fc.constantFrom(...zones),
      (to, count, unit, tz) =>
        cutBuckets(firstOf(count, to, unit, tz), to, unit, tz, 1_000)?.length === count + 1
    )
  )
})

t.test("the start of a day agrees with the zone's local time", async (t) => {
  t.equal(startOfDay({ year: 2025, month: 5, day: 1 }, 'Europe/Berlin'), Date.parse('2025-05-31T22:00:00Z'))
  t.equal(startOfDay({ year: 2025, month: 0, day: 1 }, 'Asia/Tokyo'), Date.parse('2024-12-31T15:00:00Z'))
})
