import { buildDashboard } from './build.ts'

/**
 * Builds the dashboard if its sources have changed. `npm start` runs this first. A failure warns and never
 * stops the server; `--strict` makes it an error, for images and tests.
 */
try {
  const begun = performance.now()
  if (await buildDashboard())
    console.error(`Built the dashboard in ${Math.round(performance.now() - begun)} ms`)
} catch (error) {
  console.error(
    `The dashboard was not built, and the server keeps the last build, if there is one:\n${error}`
  )
  if (process.argv.includes('--strict')) process.exitCode = 1
}
