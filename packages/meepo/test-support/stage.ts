import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSimulator, type Simulator, type SimulatorAnswer, type SimulatorOptions } from '@meepo/simulator'
import { onTestFinished } from 'vitest'
import { createMeepo, type Meepo, type MeepoOptions } from '../src/index.ts'
import { price } from './talker.ts'

export { price, talker } from './talker.ts'

/** A provider that is played, a file for the store, and as many fleets on it as a test wants. */
export interface Stage {
  readonly simulator: Simulator
  readonly file: string
  /** Everything that a fleet needs to reach the provider `sim`, whose model `m` has a price. */
  readonly options: Pick<MeepoOptions, 'store' | 'env' | 'providers' | 'prices' | 'onWarning' | 'retry'>
  /** Opens a fleet on the file. It is stopped at the end of the test at the latest. */
  open(options?: MeepoOptions): Promise<Meepo>
  /** Requests that reached the provider. */
  sent(): number
}

/** What an answer of `tokens` output tokens costs, in pico-dollars. */
export function costOf(tokens: number): bigint {
  return BigInt(tokens) * 100_000_000n
}

/** An answer that is billed with so many output tokens. */
export function answerOf(tokens: number, text = 'done'): SimulatorAnswer {
  return { text, usage: { inputTokens: 10, outputTokens: tokens } }
}

/** Starts a provider; everything ends with the test. */
export async function openStage(simulated: SimulatorOptions = {}): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-stage-'))
  const simulator = await createSimulator({
    script: () => answerOf(1_000),
    prices: [{ model: '*', rates: { output: 100_000_000 } }],
    ...simulated,
  })
  const file = join(folder, 'meepo.db')
  const fleets: Meepo[] = []
  onTestFinished(async () => {
    await Promise.all(fleets.map((fleet) => fleet.stop({ graceMs: 0 })))
    await simulator.close()
    rmSync(folder, { recursive: true })
  })
  const options = {
    store: file,
    env: {},
    providers: { sim: { kind: 'openai-compatible', baseURL: `${simulator.url}/v1`, apiKey: 'any' } },
    prices: { overrides: [price] },
    retry: { firstMs: 1, longestMs: 5 },
    onWarning: () => {},
  } as const
  return {
    simulator,
    file,
    options,
    open: async (more = {}) => {
      const fleet = await createMeepo({ ...options, ...more })
      fleets.push(fleet)
      return fleet
    },
    sent: () => simulator.journal.entries().length,
  }
}

/** Resolves as soon as it holds; a test that waits in vain runs into its time. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}
