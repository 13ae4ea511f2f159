import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The build of the dashboard, as ops/dashboard/build.ts writes it. */
export interface Build {
  page: string
  files: ReadonlySet<string>
}

/** Reads the build in `folder`; null if there is none. */
export function readBuild(folder: string): Build | null {
  try {
    const { page, files, earlier } = JSON.parse(readFileSync(join(folder, 'build.json'), 'utf8'))
    return { page, files: new Set([...files, ...earlier]) }
  } catch {
    return null
  }
}

/** Replaces the marks `%NAME%` of `page`. The values are escaped for HTML attributes. */
export function fillPage(page: string, values: Record<string, string>): string {
  return page.replace(/%([A-Z]+)%/g, (mark, name) => {
    const value = values[name]
    return value === undefined ? mark : value.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)
  })
}
