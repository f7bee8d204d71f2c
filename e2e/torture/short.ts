import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const main = join(import.meta.dirname, 'main.ts')

/** One short torture in a process of its own. */
export function torture(...options: readonly string[]): { status: number; output: string } {
  const args = ['--conditions=meepo-source', main, '--quiet', '--seed', '7', ...options]
  try {
    return { status: 0, output: execFileSync(process.execPath, args, { encoding: 'utf8' }) }
  } catch (thrown) {
    // What execFileSync throws for a program that failed.
    const { status, stdout } = thrown as { status: number; stdout: string }
    return { status, output: stdout }
  }
}
