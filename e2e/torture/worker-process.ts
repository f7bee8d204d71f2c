import { spawn, type ChildProcess } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import type { Asked, Command, Told } from './commands.ts'
import { writeSettings, type WorkerSettings } from './settings.ts'

type Answer = Extract<Told, { kind: 'answer' }>

const workerFile = fileURLToPath(new URL('./worker.ts', import.meta.url))
const plantFile = new URL('./bugs/plant.ts', import.meta.url).href

/** A worker as its parent sees it. */
export class WorkerProcess {
  readonly worker: number
  readonly startedAt: number = Date.now()
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>
  isReady = false
  isGone = false
  /** Stopped by a signal, so it answers nothing. */
  isStalled = false
  /** Bodies that ran when it last said so. */
  openBodies = 0
  readonly #process: ChildProcess
  readonly #pending = new Map<number, (answer: Answer | undefined) => void>()
  #asked = 0

  constructor(settings: WorkerSettings) {
    this.worker = settings.worker
    const errors = openSync(join(settings.folder, 'workers.log'), 'a')
    const options = settings.bug === undefined ? '' : `--import=${plantFile}`
    this.#process = spawn(process.execPath, ['--conditions=meepo-source', workerFile], {
      env: { ...process.env, NODE_OPTIONS: options, ...writeSettings(settings) },
      stdio: ['ignore', errors, errors, 'ipc'],
    })
    this.#process.on('message', (message) => this.#told(message as Told))
    this.gone = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        this.isGone = true
        this.isReady = false
        if (signal !== 'SIGKILL' && code !== 0)
          process.stderr.write(`worker ${this.worker} ended with ${code ?? signal}\n`)
        for (const settle of this.#pending.values()) settle(undefined)
        this.#pending.clear()
        resolve()
      })
    })
  }

  /** Resolves when the worker takes commands; rejects when it does not come up. */
  async ready(): Promise<void> {
    for (let waited = 0; !this.isReady; waited += 10) {
      if (this.isGone || waited > 20_000) throw new Error(`worker ${this.worker} did not start; see workers.log`)
      await delay(10)
    }
  }

  /** What the worker answers, or undefined when it died first. */
  ask(command: Command): Promise<Answer | undefined> {
    if (this.isGone) return Promise.resolve(undefined)
    const asked: Asked = { id: ++this.#asked, command }
    return new Promise((resolve) => {
      this.#pending.set(asked.id, resolve)
      this.#process.send(asked, (error) => {
        if (error === null) return
        this.#pending.delete(asked.id)
        resolve(undefined)
      })
    })
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.gone
  }

  /** Ends the process in order. */
  async stop(): Promise<void> {
    await Promise.race([this.ask({ kind: 'stop' }).then(() => this.gone), delay(15_000, undefined, { ref: false })])
    if (!this.isGone) await this.kill()
  }

  stall(): void {
    this.isStalled = true
    this.#process.kill('SIGSTOP')
  }

  goOn(): void {
    this.#process.kill('SIGCONT')
    this.isStalled = false
  }

  #told(told: Told): void {
    if (told.kind === 'ready') this.isReady = true
    else if (told.kind === 'open') this.openBodies = told.bodies
    else {
      this.#pending.get(told.id)?.(told)
      this.#pending.delete(told.id)
    }
  }
}
