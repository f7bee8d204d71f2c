import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A simulator in another process. */
export interface SimulatorProcess {
  /** With the version in its path. */
  readonly baseUrl: string
  close(): Promise<void>
}

/** Starts one that answers by `script.ts`, each answer after so many milliseconds. */
export async function startSimulator(latencyMs: number): Promise<SimulatorProcess> {
  const main = fileURLToPath(import.meta.resolve('@meepo/simulator/main'))
  const script = join(import.meta.dirname, 'script.js')
  const args = [main, '--script', script, '--latency', `headersMs=${latencyMs}`, '--journal-limit', '1']
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    // The simulator prints exactly this when it listens.
    const { url } = JSON.parse(line) as { readonly url: string }
    const close = async (): Promise<void> => {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    }
    return { baseUrl: `${url}/v1`, close }
  }
  throw new Error('the simulator ended before it listened')
}
