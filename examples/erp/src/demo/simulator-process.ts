import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** A scripted model that listens in a process of its own. */
export interface SimulatorProcess extends AsyncDisposable {
  readonly url: string
  /** What it would have charged since it was started. */
  invoice(): Promise<Invoice>
}

/** The bill of the scripted model, in its own words. */
export interface Invoice {
  /** Requests that were answered and are charged. */
  readonly billed: number
  /** Pico-dollars as text. */
  readonly amountPico: string
}

/** How it is started. */
export interface SimulatorProcessOptions {
  /** The module with the script; that of this example unless said. */
  readonly script?: string
  /** Where it writes what it was asked. */
  readonly journal?: string
  /** How long answers take; 30 to 90 ms unless said. */
  readonly latency?: string
  /** This process may end without it. */
  readonly isBackground?: boolean
}

const ownScript = join(import.meta.dirname, '../script/script.ts')
/** What is data about the provider: its prices. */
const ownOptions = join(import.meta.dirname, '../script/provider.json')
const invoice: z.ZodType<{ readonly totals: Invoice }> = z.object({
  totals: z.object({ billed: z.int(), amountPico: z.string() }),
})

/** Starts it and waits until it listens. It ends with this process, however this process ends. */
export async function startSimulator(options: SimulatorProcessOptions = {}): Promise<SimulatorProcess> {
  const { script = ownScript, journal, latency = 'headersMs=30,jitterMs=60', isBackground = false } = options
  const main = fileURLToPath(import.meta.resolve('@meepo/simulator/main'))
  const args = ['--script', script, '--options', ownOptions, '--latency', latency]
  if (journal !== undefined) args.push('--journal', journal)
  const child = spawn(process.execPath, ['--conditions=meepo-source', main, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Ctrl-C is for the demo: what it has asked is still answered while it stops. The closed pipe ends this process.
    detached: true,
  })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const first: unknown = await Promise.race([
    once(lines, 'line').then(([line]: unknown[]) => JSON.parse(String(line)) as unknown),
    ended.then(([code]: unknown[]) => {
      throw new Error(`the scripted model did not start (exit ${String(code)})`)
    }),
  ])
  if (typeof first !== 'object' || first === null || !('url' in first)) throw new Error('the scripted model has no URL')
  const url = String(first.url)
  if (isBackground) {
    lines.close()
    child.unref()
    // Pipes of a child are sockets.
    for (const pipe of [child.stdin, child.stdout] as unknown as Socket[]) pipe.unref()
  }
  return {
    url,
    invoice: async () => invoice.parse(await (await fetch(`${url}/journal`)).json()).totals,
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await ended
    },
  }
}
