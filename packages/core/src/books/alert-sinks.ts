import type { Leases } from '../store/store.ts'
import type { AlertNotice } from './alert-notice.ts'
import type { AlertSink } from './alerts.ts'

/** Writes one line of text per alert. `write` must not throw. */
export function logSink(write: (line: string) => void): AlertSink {
  return {
    name: 'log',
    send: async ({ kind, message }) => {
      write(`budget ${kind}: ${message}`)
    },
  }
}

/**
 * Calls a function with each alert. What it throws or rejects with is tried again, so it may be called twice for one
 * id.
 */
export function handlerSink(handle: (notice: AlertNotice) => void | Promise<void>, name = 'handler'): AlertSink {
  return {
    name,
    send: async (notice) => {
      await handle(notice)
    },
  }
}

/**
 * Makes one of the engines on a store the one that tells alerts: the first by id of those that have joined. While an
 * engine is being taken over nobody, or twice the same, may tell: alerts wait, and carry an id. `prefix`: with what the
 * ids of those begin that have sinks at all; the others would leave alerts lying.
 */
export function isFirstEngine(
  leases: Pick<Leases, 'engines'>,
  engine: string,
  prefix: string = '',
): () => Promise<boolean> {
  return async () => {
    const ids = (await leases.engines()).map((one) => String(one.engine)).filter((id) => id.startsWith(prefix))
    return ids.includes(engine) && ids.every((id) => engine <= id)
  }
}
