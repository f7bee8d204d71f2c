import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { reasonOf, SimulatorError } from './failure.ts'
import { openJournalFile } from './journal/journal-file.ts'
import { createJournal } from './journal/journal.ts'
import type { Journal } from './journal/journal.ts'
import { createBatchStore } from './batch/batch-store.ts'
import type { LimitReport } from './limiter/limiter.ts'
import { errorBody } from './openai/error-body.ts'
import { checkOptions } from './options.ts'
import type { CheckedOptions, SimulatorOptions } from './options.ts'
import { limitsOf, route } from './routes.ts'
import type { House } from './routes.ts'

/** A running simulator. */
export interface Simulator {
  /** Without a path: `http://127.0.0.1:4010`. A client's base URL is this plus `/v1`. */
  readonly url: string
  readonly port: number
  readonly journal: Journal
  /** What the limits let through, saw and refused so far: one report per key, model and unit. */
  limits(): readonly LimitReport[]
  /** Resets all connections and refuses new ones (ECONNREFUSED) until `up`. Does nothing when it is down or closed. */
  down(): Promise<void>
  /** Listens again on the same port. Does nothing when it is up or closed. */
  up(): Promise<void>
  /** Closes every connection, lets the journal record whom that interrupted, closes its file. May be called twice. */
  close(): Promise<void>
}

/** Connections that may wait to be accepted: a fleet starts all at once. The kernel may cap it lower. */
const BACKLOG = 4096

/**
 * Starts a model provider on loopback that speaks the formats of OpenAI, Anthropic and Gemini and answers what the script
 * or the rules say.
 *
 * Throws a `SimulatorError`: `simulator.bad_option`, `simulator.port_in_use`, `simulator.cannot_listen`,
 * `simulator.journal_unwritable` or `simulator.bad_journal`; nothing is left open then.
 *
 * @example
 * const simulator = await createSimulator({ script: ({ messages }) => ({ text: `You said ${messages.length} things.` }) })
 */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const checked = checkOptions(options)
  const file = checked.journalFile === undefined ? undefined : openJournalFile(checked.journalFile)
  const journal = createJournal(checked.journalLimit, file)
  const house: House = { options: checked, journal, batches: createBatchStore(checked.seed) }
  const server = createServer((request, response) => {
    route(house, request, response).catch((error: unknown) => fail(response, error))
  })
  server.keepAliveTimeout = 60_000
  try {
    await listen(server, checked)
  } catch (error) {
    file?.close()
    throw error
  }
  // A TCP server that listens has an AddressInfo; the string form belongs to pipes.
  const { address, family, port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  let isDown = false
  const close = (): Promise<void> =>
    (closing ??= shut(server)
      .then(() => journal.settled())
      .then(() => file?.close()))
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    port,
    journal,
    limits: () => limitsOf(checked),
    down: async () => {
      if (isDown || closing !== undefined) return
      isDown = true
      await shut(server)
    },
    up: async () => {
      if (!isDown || closing !== undefined) return
      await listen(server, { host: checked.host, port })
      isDown = false
    },
    close,
  }
}

async function listen(server: Server, { host, port }: Pick<CheckedOptions, 'host' | 'port'>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      const isTaken = cause.code === 'EADDRINUSE'
      reject(
        new SimulatorError(
          isTaken ? 'simulator.port_in_use' : 'simulator.cannot_listen',
          isTaken
            ? `port ${port} on ${host} is in use: choose another, or 0 for any free one`
            : `cannot listen on ${host}:${port}: ${reasonOf(cause)}`,
          { cause },
        ),
      )
    }
    server.once('error', failed)
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', failed)
      resolve()
    })
  })
}

async function shut(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** Errors of the simulator itself, such as a full disk under its journal: the client is told, or cut off. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const code = error instanceof SimulatorError ? error.code : undefined
  const text = JSON.stringify(errorBody(500, reasonOf(error), code === undefined ? {} : { code }))
  response.writeHead(500, { 'content-type': 'application/json' })
  response.end(text)
}
