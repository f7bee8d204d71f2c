import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { PairKind } from './pairs.ts'

/** Another process on the same file that is ready to write pairs. */
export interface SecondProcess {
  /** Lets it begin. Resolves with the pairs that it wrote. */
  run(): Promise<number>
}

/** Starts one; it waits with an open store. */
export async function startSecond(path: string, callers: number, ms: number, kind: PairKind): Promise<SecondProcess> {
  const args = [join(import.meta.dirname, 'second/main.js'), path, `b${process.hrtime.bigint()}-`, callers, ms, kind]
  const child = spawn(process.execPath, args.map(String), { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return {
    run: async () => {
      child.stdin.write('go\n')
      const { value } = await lines.next()
      return Number(value)
    },
  }
}
