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
