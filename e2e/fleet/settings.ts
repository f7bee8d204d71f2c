import type { Budget, Limit } from 'meepo'

/** What a worker of a fleet is told when it is born. */
export interface FleetSettings {
  readonly database: string
  /** Where the simulator listens. */
  readonly modelUrl: string
  readonly budgets: readonly Budget[]
  readonly limits?: readonly Limit[]
  /** Where alerts are posted; without, nobody is told. */
  readonly hookUrl?: string
  /** The worker ends itself when it gets there for the first time. */
  readonly diesAt?: DeathPoint
  /** No other worker is alive: it takes over from dead ones at once. */
  readonly isAlone?: boolean
}

/**
 * `announced`: the call and its reservation are durable, and nothing was sent. `answered`: the answer has arrived and is not
 * booked. `booked`: its line is durable, and nobody was told.
 */
export type DeathPoint = 'announced' | 'answered' | 'booked'

/** Asks a worker for runs; it answers when all have ended. */
export interface FleetOrder {
  readonly runs: number
  readonly actor: string
}

/** How a run of an order ended: its status, or the code of its error. */
export type FleetEnds = readonly string[]

/** What output tokens cost, in pico-dollars: $0.0001. An answer has a thousand of them unless the script says otherwise. */
export const tokenPrice = 100_000_000n

const variable = 'MEEPO_FLEET'

/** For the environment of a process. */
export function writeSettings(settings: FleetSettings): Record<string, string> {
  return { [variable]: JSON.stringify(settings) }
}

/** What the parent wrote. */
export function readSettings(): FleetSettings {
  const text = process.env[variable]
  if (text === undefined) throw new Error(`${variable} is not set: this file is started by a test`)
  // Only a test writes there.
  return JSON.parse(text) as FleetSettings
}
