import { MeepoError } from '@meepo/core'

/** How this process works with a Restate cluster. */
export interface RestateOptions {
  /** Where runs are sent: the ingress of the cluster or of one of its nodes, `http://127.0.0.1:8080`. */
  readonly ingressUrl: string
  /** Makes this process a worker. Without, it starts runs and leaves them to workers. */
  readonly worker?: RestateWorkerOptions
  /** With which letters the names of its services begin; `meepo` unless said. Tells installations on one cluster apart. */
  readonly namespace?: string
  /** A bearer token for ingress and admin API, where the cluster asks for one. */
  readonly token?: string
}

/** How a worker is reached. */
export interface RestateWorkerOptions {
  /** The admin API of the cluster, `http://127.0.0.1:9070`. Without, somebody else makes this worker known there. */
  readonly adminUrl?: string
  /** On which address it listens; `127.0.0.1` unless said. */
  readonly host?: string
  /** 0, any free port, unless said. */
  readonly port?: number
  /**
   * Under which URL the cluster reaches it: of a balancer, where several workers of one build share the work. That of
   * `host` and `port` unless said.
   */
  readonly url?: string
  /** Public keys of the cluster (`publickeyv1_…`): calls that it did not sign are refused. Without, anybody who reaches the port may call. */
  readonly identityKeys?: readonly string[]
}

/** The same without slashes at the ends. Throws `config.invalid`. */
export function checkOptions(options: RestateOptions): RestateOptions {
  const { worker, namespace = 'meepo' } = options
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(namespace)) {
    throw new MeepoError('config.invalid', `a namespace is made of letters, digits, - and _; not ${namespace}`)
  }
  const ingressUrl = checkUrl('ingressUrl', options.ingressUrl)
  if (!worker) return { ...options, ingressUrl, namespace }
  const { adminUrl, url } = worker
  const checked = {
    ...worker,
    ...(adminUrl === undefined ? {} : { adminUrl: checkUrl('worker.adminUrl', adminUrl) }),
    ...(url === undefined ? {} : { url: checkUrl('worker.url', url) }),
  }
  return { ...options, ingressUrl, namespace, worker: checked }
}

function checkUrl(name: string, url: string): string {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new MeepoError('config.invalid', `${name} must be an http URL`)
  }
  return url.replace(/\/+$/, '')
}
