import { fork, type ChildProcess } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeSettings, type SoakSettings } from './settings.ts'

/** What the processes of a soak say. */
export type Said =
  | { readonly kind: 'ready'; readonly url?: string }
  | { readonly kind: 'open'; readonly runs: number; readonly sockets: number }
  | { readonly kind: 'report'; readonly limits: readonly ProviderLimit[]; readonly sockets: number }

/** A limit of the simulator as it ended. */
interface ProviderLimit {
  readonly unit: string
  readonly limit: number
  readonly highestAdmitted: number
  readonly refused: number
}

/** One process of a soak. */
export class SoakProcess {
  /** Runs under way, and connections opened so far, by its last word. */
  open = 0
  sockets = 0
  readonly gone: Promise<void>
  readonly #process: ChildProcess
  readonly #ready: Promise<string>
  #onReport: ((report: Extract<Said, { kind: 'report' }>) => void) | undefined

  constructor(file: 'worker.ts' | 'simulator-process.ts', settings: SoakSettings) {
    const errors = openSync(join(settings.folder, 'processes.log'), 'a')
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
      execArgv: ['--conditions=meepo-source'],
      env: { ...process.env, ...writeSettings(settings) },
      stdio: ['ignore', errors, errors, 'ipc'],
    })
    this.gone = new Promise((resolve) => this.#process.once('exit', () => resolve()))
    this.#ready = new Promise((resolve, reject) => {
      void this.gone.then(() => reject(new Error(`${file} did not start; see processes.log in ${settings.folder}`)))
      this.#process.on('message', (message) => {
        // Only the two files above send here.
        const said = message as Said
        if (said.kind === 'ready') resolve(said.url ?? '')
        else if (said.kind === 'open') Object.assign(this, { open: said.runs, sockets: said.sockets })
        else this.#onReport?.(said)
      })
    })
    this.#ready.catch(() => {})
  }

  /** Resolves with its address, when it has one. */
  ready(): Promise<string> {
    return this.#ready
  }

  report(): Promise<Extract<Said, { kind: 'report' }>> {
    return new Promise((resolve) => {
      this.#onReport = resolve
      this.#process.send('report')
    })
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.gone
  }

  /** Asks it to end in order. */
  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.send('stop')
    await this.gone
  }
}
