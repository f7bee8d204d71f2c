import { MeepoError } from '@meepo/core'
import { Worker } from 'node:worker_threads'
import type { Answer, Batch, WriterMessage, WriterRequest, WriterSettings } from '../protocol.ts'
import { toMeepoError } from './to-meepo-error.ts'

/** The way to a writer that opened its database. */
export interface WriterPort {
  post(batch: Batch): void
  /** While busy, the process stays alive. */
  setBusy(isBusy: boolean): void
  /** Resolves when everything posted is answered and the database is closed. */
  close(): Promise<void>
}

/** What a writer port calls. Neither may throw. */
interface WriterEvents {
  /** In the order in which batches were posted. */
  answered(answer: Answer): void
  /** The thread ended by itself; nothing will be answered any more. */
  lost(error: MeepoError): void
}

/** Starts a writer. Rejects when it cannot use the database. */
export type StartWriter = (settings: WriterSettings, events: WriterEvents) => Promise<WriterPort>

/** Starts a writer in a thread of its own. */
export const startThread: StartWriter = async (settings, events) => {
  // From sources the file ends in .ts, from the built package in .js.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`../writer/worker.${extension}`, import.meta.url), {
    workerData: settings,
    name: 'meepo-store',
    // Flags such as --input-type are meant for the main script and would keep a worker from starting. Conditions choose
    // the files of packages: sources here and built files there would be two versions of the same rules.
    execArgv: process.execArgv.filter((flag) => flag.startsWith('--conditions=')),
  })
  await new Promise<void>((resolve, reject) => {
    worker.once('error', (cause) => reject(died(cause)))
    worker.once('message', (message: WriterMessage) => {
      if (message.kind === 'ready') resolve()
      else reject(message.kind === 'unusable' ? toMeepoError(message.refused) : new TypeError(message.kind))
    })
  })
  let onClosed: (() => void) | undefined
  let hasEnded = false
  worker.on('message', (message: WriterMessage) => {
    if (message.kind === 'answer') events.answered(message.answer)
    else onClosed?.()
  })
  worker.on('error', (cause) => events.lost(died(cause)))
  worker.on('exit', (code) => {
    hasEnded = true
    if (onClosed) onClosed()
    else events.lost(died(`it ended with code ${code}`))
  })
  worker.unref()
  const post = (request: WriterRequest): void => worker.postMessage(request)
  return {
    post,
    setBusy: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
    close: async () => {
      if (hasEnded) return
      worker.ref()
      await new Promise<void>((resolve) => {
        onClosed = resolve
        post('close')
      })
    },
  }
}

function died(cause: unknown): MeepoError {
  return new MeepoError('store.failed', `the writer thread died: ${String(cause)}`, { cause })
}
