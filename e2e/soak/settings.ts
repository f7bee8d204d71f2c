/** What a soak is made of; the processes of one soak read the same. */
export interface SoakSettings {
  readonly folder: string
  readonly database: string
  readonly journal: string
  /** Where the simulator listens; empty for the simulator itself. */
  readonly modelUrl: string
  readonly worker: number
  readonly seed: number
  /** The share of requests that go wrong. */
  readonly faults: number
  /** What the one key may use; the simulator refuses more. */
  readonly tokensPerMinute: number
  /** Runs at a time in one worker. */
  readonly concurrency: number
}

/** The tenants, and how many of a hundred runs each has: one is greedy, and the last is poor. */
export const tenants: Readonly<Record<string, number>> = { greedy: 55, north: 15, south: 15, west: 10, poor: 5 }

/** What the poor tenant may spend: less than its runs want, but not gone before the processes have all begun. */
export const poorBudget = '$0.15'

/** How long the permits of a killed worker stay taken. */
export const leaseMs = 5_000

/** Model calls of one run that nothing stops. */
export const callsPerRun = 20

/** Pico-dollars per token, both in the simulator's table and in the price book of the workers. */
export const rates = { input: 2_000_000, cacheRead: 200_000, output: 10_000_000 } as const

/** The most output of one call. */
export const maxOutputTokens = 120

const variable = 'MEEPO_SOAK'

/** For the environment of a process. */
export function writeSettings(settings: SoakSettings): Record<string, string> {
  return { [variable]: JSON.stringify(settings) }
}

/** What the parent wrote. */
export function readSettings(): SoakSettings {
  const text = process.env[variable]
  if (text === undefined) throw new Error(`${variable} is not set: this file is started by the soak`)
  return JSON.parse(text) as SoakSettings
}
