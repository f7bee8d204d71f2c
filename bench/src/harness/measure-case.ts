import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { measureDisk } from './disk.ts'
import type { Bench, Case, Figure, Workload } from './workload.ts'

/** How the process of a case is started. */
export interface CaseProcess {
  /** Where cases get their folders. */
  readonly root: string
  readonly isQuick: boolean
  /** Writes a CPU profile of each case here. */
  readonly profileFolder?: string | undefined
}

/** What a case gave. */
export interface Measured {
  readonly figures: readonly Figure[]
  /** fdatasync p50 around the case, the slower of before and after: other work on the machine comes and goes. */
  readonly diskMs: number
}

const run = promisify(execFile)
const child = join(import.meta.dirname, '../child/main.js')

/** Measures a case in a process of its own, so that no case inherits the heap or the compiled code of another. */
export async function measureCase(
  workload: Workload,
  { name }: Case,
  { root, isQuick, profileFolder }: CaseProcess,
): Promise<Measured> {
  const folder = mkdtempSync(join(root, 'case-'))
  const before = measureDisk(root)
  const bench: Bench = { folder, diskMs: before, isQuick }
  const profile =
    profileFolder === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-name=${workload.id} ${name}.cpuprofile`, `--cpu-prof-dir=${profileFolder}`]
  try {
    const args = [...profile, child, workload.id, name, JSON.stringify(bench)]
    const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 26 })
    const last = stdout.trimEnd().split('\n').at(-1) ?? ''
    // Written by the child, which is built from the same sources.
    const figures = JSON.parse(last) as readonly Figure[]
    return {
      figures: isQuick ? figures.map((figure) => ({ ...figure, hold: null })) : figures,
      diskMs: Math.max(before, measureDisk(root)),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
