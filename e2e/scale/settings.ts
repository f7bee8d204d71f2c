/** What a worker is told when it is born. */
export interface WorkerSettings {
  readonly worker: number
  readonly store: string
  /** Where bodies of steps say that they begin. */
  readonly journal: string
  /** Where the simulator listens. */
  readonly modelUrl?: string
  /** Runs that do something at once. */
  readonly concurrency: number
}

/** What is asked of a worker. */
export type Order = 'memory' | 'stop'

/** Megabytes after a collection of garbage, and processor time since the start. */
export interface Memory {
  readonly heapMb: number
  readonly rssMb: number
  readonly cpuMs: number
}

const variable = 'MEEPO_SCALE'

/** For the environment of a process. */
export function writeSettings(settings: WorkerSettings): Record<string, string> {
  return { [variable]: JSON.stringify(settings) }
}

/** What the parent wrote. */
export function readSettings(): WorkerSettings {
  const text = process.env[variable]
  if (text === undefined) throw new Error(`${variable} is not set: this file is started by scale/main.ts`)
  // Only the parent writes there.
  return JSON.parse(text) as WorkerSettings
}
