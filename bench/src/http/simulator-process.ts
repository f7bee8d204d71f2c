import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A simulator in another process. */
export interface SimulatorProcess {
  readonly url: string
  /** With the version in its path. */
  readonly baseUrl: string
  close(): Promise<void>
}

/** What the simulator is started with. */
export interface SimulatorSettings {
  /** A module of this folder. */
  readonly script: 'script.js' | 'text-script.js'
  /** As its command line takes it. */
  readonly latency: string
  /** Entries of the journal that are kept. */
  readonly journalLimit: number
}

/** Starts one. */
export async function startSimulator(settings: SimulatorSettings): Promise<SimulatorProcess> {
  const main = fileURLToPath(import.meta.resolve('@meepo/simulator/main'))
  const script = join(import.meta.dirname, settings.script)
  const limit = String(settings.journalLimit)
  const args = [main, '--script', script, '--latency', settings.latency, '--journal-limit', limit]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    // The simulator prints exactly this when it listens.
    const { url } = JSON.parse(line) as { readonly url: string }
    const close = async (): Promise<void> => {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    }
    return { url, baseUrl: `${url}/v1`, close }
  }
  throw new Error('the simulator ended before it listened')
}
