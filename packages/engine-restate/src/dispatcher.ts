import { definitionKey, MeepoError, type Dispatcher, type Drive, type DriveHost } from '@meepo/core'
import { post } from './call.ts'
import { Endpoint } from './endpoint.ts'
import { Lane } from './lane.ts'
import { checkOptions, type RestateOptions } from './options.ts'
import { serviceName } from './service-name.ts'

/** So many runs are handed over at a time: each takes a connection. */
const sendWidth = 64

/**
 * Brings runs to workers through a Restate cluster: give it to `createEmbeddedEngine`, or let `createMeepo` do that. The
 * cluster keeps what was sent to it until a worker took it, spreads it over all workers of its build, and asks another one
 * within a second when a worker dies. Throws `config.invalid`.
 *
 * @example
 * const dispatcher = createRestateDispatcher({
 *   ingressUrl: 'http://127.0.0.1:8080',
 *   worker: { adminUrl: 'http://127.0.0.1:9070' },
 * })
 */
export function createRestateDispatcher(options: RestateOptions): Dispatcher {
  return new RestateDispatcher(checkOptions(options))
}

class RestateDispatcher implements Dispatcher {
  readonly #options: RestateOptions
  readonly #namespace: string
  readonly #lane = new Lane(sendWidth)
  #endpoint: Endpoint | undefined
  #url = ''
  #served: readonly string[] = []

  constructor(options: RestateOptions) {
    this.#options = options
    this.#namespace = options.namespace ?? 'meepo'
  }

  async begin(host: DriveHost): Promise<void> {
    const { worker } = this.#options
    if (!worker || this.#endpoint) return
    const endpoint = new Endpoint(worker, this.#namespace, host)
    this.#url = await endpoint.listen()
    this.#endpoint = endpoint
  }

  async serve(definitions: readonly string[]): Promise<void> {
    const { worker, token } = this.#options
    if (!this.#endpoint) return
    this.#endpoint.serve(definitions)
    this.#served = definitions
    if (worker?.adminUrl === undefined) return
    // Again for the same URL: there are more definitions now, or another worker behind it was first.
    const deployment = { uri: this.#url, use_http_11: true, force: true }
    await post(`${worker.adminUrl}/deployments`, token, deployment)
  }

  async send(drive: Drive): Promise<void> {
    const { ingressUrl, token } = this.#options
    const key = definitionKey({ name: drive.definition, version: drive.version })
    const url = `${ingressUrl}/${serviceName(this.#namespace, key)}/drive/send`
    const status = await this.#lane.run(() => post(url, token, drive, [404]))
    if (status !== 404) return
    // The cluster lost its data, or somebody removed the deployment: this worker makes itself known again.
    if (this.#served.includes(key)) await this.serve(this.#served)
    throw new MeepoError('engine.no_worker', `no worker of the cluster has ${key}`)
  }

  async stop(): Promise<void> {
    await this.#endpoint?.close()
    this.#endpoint = undefined
  }
}
