import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** What is broken are lines of the builds, which must be those of the sources. */
export function build(): void {
  execFileSync(process.execPath, [join(root, 'node_modules/.bin/tsc'), '-b', join(root, 'tsconfig.build.json')])
}
