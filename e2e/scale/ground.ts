import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createEmbeddedEngine } from '@meepo/engine-embedded'
import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer } from '@meepo/store-postgres/testing'
import { openSqliteStore } from '@meepo/store-sqlite'
import type { Engine, Store } from 'meepo'
import { buildDefinitions, type Beginning } from './definitions.ts'
import { writeSettings, type Memory, type WorkerSettings } from './settings.ts'

/** A store, workers on it, and an engine that starts runs and drives none. */
export interface Ground {
  readonly store: Store
  readonly engine: Engine
  hire(settings?: { readonly concurrency?: number; readonly modelUrl?: string }): Promise<Worker>
  /** What the workers began so far. */
  beginnings(): readonly Beginning[]
  /** A provider that answers after a second, more or less. */
  simulate(): Promise<string>
  close(): Promise<void>
}

export type StoreKind = 'sqlite' | 'postgres'

/** Makes a store of its own. */
export async function openGround(kind: StoreKind): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-scale-'))
  const server = kind === 'postgres' ? await startPostgresServer() : undefined
  const address = server?.url ?? join(folder, 'meepo.db')
  const store = await (server ? openPostgresStore({ url: address }) : openSqliteStore({ path: address }))
  const engine = createEmbeddedEngine({ store, concurrency: 0 })
  engine.register(...buildDefinitions())
  const journal = join(folder, 'begun.jsonl')
  const crew: Worker[] = []
  const others: ChildProcess[] = []
  return {
    store,
    engine,
    hire: async ({ concurrency = 1_000, modelUrl } = {}) => {
      const number = crew.length + 1
      const given = { worker: number, store: address, journal, concurrency }
      const worker = new Worker(modelUrl === undefined ? given : { ...given, modelUrl })
      crew.push(worker)
      await worker.ready
      return worker
    },
    beginnings: () => (existsSync(journal) ? readLines(journal) : []),
    simulate: async () => {
      const main = fileURLToPath(import.meta.resolve('@meepo/simulator/main'))
      const script = join(import.meta.dirname, 'model-script.ts')
      const args = ['--conditions=meepo-source', main, '--script', script, '--journal-limit', '1']
      const latency = ['--latency', 'headersMs=1000,jitterMs=500']
      const simulator = spawn(process.execPath, [...args, ...latency], { stdio: ['pipe', 'pipe', 'inherit'] })
      others.push(simulator)
      for await (const line of createInterface({ input: simulator.stdout }))
        // It prints exactly this when it listens.
        return (JSON.parse(line) as { readonly url: string }).url
      throw new Error('the simulator ended before it listened')
    },
    close: async () => {
      await Promise.all(crew.map((worker) => worker.kill()))
      for (const other of others) other.kill('SIGKILL')
      await engine.stop()
      await store.close()
      await server?.remove()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function readLines(file: string): readonly Beginning[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  // Workers write exactly this.
  return lines.map((line) => JSON.parse(line) as Beginning)
}

/** A worker as its parent sees it. */
export class Worker {
  readonly number: number
  readonly ready: Promise<void>
  readonly #process: ChildProcess
  readonly #gone: Promise<unknown>

  constructor(settings: WorkerSettings) {
    this.number = settings.worker
    this.#process = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [], {
      execArgv: ['--conditions=meepo-source'],
      env: { ...process.env, ...writeSettings(settings) },
    })
    this.#gone = once(this.#process, 'exit')
    const died = this.#gone.then(() => Promise.reject(new Error(`worker ${settings.worker} did not start`)))
    died.catch(() => {})
    this.ready = Promise.race([once(this.#process, 'message'), died]).then(() => {})
  }

  /** After a collection of garbage. */
  async memory(): Promise<Memory> {
    const answered = once(this.#process, 'message')
    this.#process.send('memory')
    const [memory] = await answered
    // The answer to the order.
    return memory as Memory
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#gone
  }
}
