import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MeepoError, type Drive, type DriveHost } from '@meepo/core'
import { createEndpointHandler, handlers, service, type Context, type ServiceDefinition } from '@restatedev/restate-sdk'
import type { RestateWorkerOptions } from './options.ts'
import { serviceName } from './service-name.ts'

/*
 * The port on which the cluster brings drives to this process.
 *
 * E1 A drive has no steps in Restate's journal: the log of the run in the store holds them. So a call is one request and one
 *    answer over HTTP/1.1, each on a connection of its own: any balancer places it anew, also on a worker that came later.
 * E2 A run that waits is no open call: it left this process, and comes again when something happens.
 * E3 What breaks off on the way goes on here: whether a run is driven twice is for its lease to say.
 */

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** A drive lasts until its run waits or ends, bodies included. The cluster takes one for hung only after this time. */
const abortMs = 24 * 3_600_000

/** What is not brought in so many tries is claimed again from the store. Some minutes. */
const retryPolicy = {
  initialInterval: 100,
  exponentiationFactor: 2,
  maxInterval: 5_000,
  maxAttempts: 60,
  onMaxAttempts: 'kill',
} as const

/** Listens for the cluster. */
export class Endpoint {
  readonly #options: RestateWorkerOptions
  readonly #namespace: string
  readonly #host: DriveHost
  readonly #server: Server
  #listener: Listener = refuse

  constructor(options: RestateWorkerOptions, namespace: string, host: DriveHost) {
    this.#options = options
    this.#namespace = namespace
    this.#host = host
    this.#server = createServer((request, response) => this.#listener(request, response))
    // E1
    this.#server.maxRequestsPerSocket = 1
  }

  /** Resolves with the URL under which it is reached. Rejects with `config.invalid` when it cannot listen there. */
  async listen(): Promise<string> {
    const { host = '127.0.0.1', port = 0, url } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) =>
        reject(new MeepoError('config.invalid', `cannot listen on ${host}:${port}`, { cause })),
      )
      this.#server.listen(port, host, resolve)
    })
    // A server on a port has an address with one.
    return url ?? `http://${host}:${(this.#server.address() as AddressInfo).port}`
  }

  /** From now on drives of these definitions are taken. Calls under way go on. */
  serve(definitions: readonly string[]): void {
    const { identityKeys } = this.#options
    this.#listener = createEndpointHandler({
      services: definitions.map((definition) => this.#service(definition)),
      ...(identityKeys ? { identityKeys: [...identityKeys] } : {}),
      // What matters of it is told as a notice.
      logger: () => undefined,
    })
  }

  /** Closes the port. Calls that are still open break off: somebody else gets them. */
  async close(): Promise<void> {
    this.#listener = refuse
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #service(definition: string): ServiceDefinition<string, unknown> {
    const drive = handlers.handler(
      { journalRetention: 0, idempotencyRetention: 0, abortTimeout: abortMs, retryPolicy },
      async (_context: Context, drive: Drive): Promise<null> => {
        await this.#drive(drive)
        return null
      },
    )
    return service({ name: serviceName(this.#namespace, definition), handlers: { drive } })
  }

  async #drive(drive: Drive): Promise<void> {
    try {
      await this.#host.drive(drive)
    } catch (thrown) {
      // While it stops, others are asked: nothing that anybody should look at.
      if (!MeepoError.is(thrown) || thrown.code !== 'engine.stopped') this.#host.notice(thrown)
      throw thrown
    }
  }
}

/** Nothing is served yet, or no more: the cluster asks again. */
function refuse(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503).end()
}
