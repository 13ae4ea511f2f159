import { runDrill } from './drill.ts'

/**
 * Runs the restore drill and prints its report. Exits with 1 when the restored data differs. The drill takes
 * half a minute and starts its own servers, so it touches no other data.
 *
 *   node ops/backup/main.ts
 */
const started = performance.now()
const { tables, differences, dump, followed, created, ...rest } = await runDrill((step) => {
  console.log(`${((performance.now() - started) / 1_000).toFixed(1).padStart(6)} s  ${step}`)
})
console.table(tables)
const isGood =
  [...differences, ...dump.differences].length === 0 && followed.startsWith('http') && created === 201
console.log(
  isGood
    ? `Everything came back: to the moment in ${rest.pointInTimeSeconds} s, from the dump in ${dump.seconds} s.`
    : 'What came back is not what was there.'
)
process.exitCode = isGood ? 0 : 1
