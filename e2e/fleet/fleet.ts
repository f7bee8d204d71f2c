import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Store } from '@meepo/core'
import { createSimulator, type Simulator, type SimulatorOptions } from '@meepo/simulator'
import { onTestFinished } from 'vitest'
import { createDatabase, openStore, type StoreKind } from '../database.ts'
import { writeSettings, type FleetEnds, type FleetOrder, type FleetSettings } from './settings.ts'

/** A provider, a database, and the processes on it. */
export interface Fleet {
  readonly simulator: Simulator
  /** The same database, read by the test. */
  readonly store: Store
  hire(settings: Omit<FleetSettings, 'database' | 'modelUrl'>): Promise<FleetProcess>
}

/** Opens a fleet without workers; everything ends with the test. */
export async function openFleet(simulated: SimulatorOptions, kind: StoreKind = 'sqlite'): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-fleet-'))
  const simulator = await createSimulator({ prices: [{ model: '*', rates: { output: 100_000_000 } }], ...simulated })
  const database = await createDatabase(kind, folder)
  const store = await openStore(database.address)
  const crew: FleetProcess[] = []
  onTestFinished(async () => {
    await Promise.all(crew.map((worker) => worker.kill()))
    await store.close()
    await database.remove()
    await simulator.close()
    rmSync(folder, { recursive: true })
  })
  return {
    simulator,
    store,
    hire: async (settings) => {
      const worker = new FleetProcess(
        { ...settings, database: database.address, modelUrl: simulator.url },
        join(folder, 'errors.log'),
      )
      crew.push(worker)
      await worker.ready
      return worker
    },
  }
}

/** One process of a fleet. */
class FleetProcess {
  readonly gone: Promise<void>
  readonly ready: Promise<void>
  readonly #process: ChildProcess
  readonly #orders: ((ends: FleetEnds) => void)[] = []

  constructor(settings: FleetSettings, errorFile: string) {
    const errors = openSync(errorFile, 'a')
    this.#process = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [], {
      execArgv: ['--conditions=meepo-source'],
      env: { ...process.env, ...writeSettings(settings) },
      stdio: ['ignore', errors, errors, 'ipc'],
    })
    this.gone = new Promise((resolve) => this.#process.once('exit', () => resolve()))
    this.ready = new Promise((resolve, reject) => {
      void this.gone.then(() => reject(new Error(`a worker did not start: ${readFileSync(errorFile, 'utf8')}`)))
      this.#process.on('message', (message) => {
        // Only the worker sends here.
        const said = message as 'ready' | FleetEnds
        if (said === 'ready') resolve()
        else this.#orders.shift()?.(said)
      })
    })
    this.ready.catch(() => {})
  }

  /** Resolves with how the runs ended; never when the process dies. One order at a time. */
  order(order: FleetOrder): Promise<FleetEnds> {
    return new Promise((resolve) => {
      this.#orders.push(resolve)
      this.#process.send(order)
    })
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.gone
  }

  async stop(): Promise<void> {
    this.#process.send('stop')
    await this.gone
  }
}
