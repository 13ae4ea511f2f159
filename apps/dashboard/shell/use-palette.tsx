import { useState } from 'preact/hooks'
import { loadPart } from '#dashboard/core/connection.ts'
import type { Stage } from './commands.ts'

type Part = typeof import('./palette.tsx')['default']

/** Opens the palette, and loads it when it is used. */
export function usePalette(openSheet: Stage['openSheet']) {
  const [part, setPart] = useState<{ Palette: Part } | null>(null)
  async function load() {
    const { default: Palette } = await loadPart(() => import('./palette.tsx'))
    setPart({ Palette })
  }
  return {
    open: () => void load().catch(() => undefined),
    element: part && <part.Palette openSheet={openSheet} onClose={() => setPart(null)} />
  }
}
