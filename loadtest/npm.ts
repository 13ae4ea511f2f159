import { refuse } from '#apps/command-line.ts'
import { launch } from '#testing/launch.ts'

/** Runs npm in `root`, with its output on standard error. Ends this program if npm fails. */
export async function runNpm(root: string, args: string[], env?: Record<string, string>): Promise<void> {
  const { child, exited } = launch({ command: 'npm', args, cwd: root, ...(env && { env }) })
  for (const stream of [child.stdout, child.stderr]) stream?.pipe(process.stderr)
  const { code } = await exited
  if (code !== 0) refuse(`npm ${args.join(' ')} ended with ${code} in ${root}; see the lines above`)
}
