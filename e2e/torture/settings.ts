/** How one worker and a Restate cluster reach each other. */
export interface Door {
  /** Which node this worker talks to, from 0 on. */
  readonly node: number
  readonly ingressUrl: string
  readonly adminUrl: string
  /** Where the worker listens, and the URL of the balancer in front of all of them. */
  readonly port: number
  readonly url: string
}

/** What a worker process is told at its start. */
export interface WorkerSettings {
  /** Counts all workers of a campaign. */
  readonly worker: number
  readonly folder: string
  /** A file, or the address of a PostgreSQL server. */
  readonly database: string
  readonly armFile: string
  readonly modelUrl: string
  readonly idleMs: number
  readonly concurrency: number
  readonly isRough: boolean
  /** The workload: `torture`, or the short runs that two engines share. */
  readonly workload: 'torture' | 'shared'
  /** The wall clock of the engine jumps back and forth by an hour. */
  readonly isClockJumping: boolean
  /** Runs are brought by a Restate cluster. */
  readonly restate?: Door
  readonly bug?: string
}

const variable = 'MEEPO_TORTURE'

/** The environment of a worker. The writer thread of the worker sees it too. */
export function writeSettings(settings: WorkerSettings): Record<string, string> {
  return { [variable]: JSON.stringify(settings) }
}

export function readSettings(): WorkerSettings {
  const text = process.env[variable]
  if (text === undefined) throw new Error(`${variable} is not set: this file is started by the torture only`)
  // Written by writeSettings in the parent.
  return JSON.parse(text) as WorkerSettings
}
