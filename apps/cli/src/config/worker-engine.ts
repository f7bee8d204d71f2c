import { MeepoError, type Dispatcher } from '@meepo/core'
import type { MeepoConfig } from 'meepo'

/** What the command line of a worker may say beside or instead of the configuration. */
export interface WorkerFlags {
  readonly config?: string
  readonly engine?: 'embedded' | 'restate'
  readonly store?: string
  readonly concurrency?: number
  readonly restateIngress?: string
  readonly restateAdmin?: string
  readonly restateToken?: string
  readonly restateIdentityKey?: readonly string[]
  readonly listen?: Listen
  readonly url?: string
}

/** An address to listen on. */
export interface Listen {
  readonly host: string
  readonly port: number
}

/** The configuration as the command line has it. Rejects with `config.invalid`. */
export async function workerConfig(config: MeepoConfig, flags: WorkerFlags): Promise<MeepoConfig> {
  const { store, concurrency } = flags
  const changed: MeepoConfig = {
    ...config,
    ...(store === undefined ? {} : { store }),
    ...(concurrency === undefined ? {} : { concurrency }),
  }
  if (flags.engine === 'restate') return { ...changed, engine: await restateDispatcher(flags) }
  refuseStray(flags)
  return flags.engine === 'embedded' ? { ...changed, engine: 'embedded' } : changed
}

async function restateDispatcher(flags: WorkerFlags): Promise<Dispatcher> {
  const { restateIngress = 'http://127.0.0.1:8080', restateAdmin: adminUrl, restateToken: token } = flags
  const { listen: { host, port } = { host: '127.0.0.1', port: 9080 }, url, restateIdentityKey: identityKeys } = flags
  const { createRestateDispatcher } = await importRestate()
  return createRestateDispatcher({
    ingressUrl: restateIngress,
    ...(token === undefined ? {} : { token }),
    worker: {
      host,
      port,
      ...(adminUrl === undefined ? {} : { adminUrl }),
      ...(url === undefined ? {} : { url }),
      ...(identityKeys ? { identityKeys } : {}),
    },
  })
}

/** Where they would do nothing. */
function refuseStray({
  restateIngress,
  restateAdmin,
  restateToken,
  restateIdentityKey,
  listen,
  url,
}: WorkerFlags): void {
  const stray = { restateIngress, restateAdmin, restateToken, restateIdentityKey, listen, url }
  if (Object.values(stray).every((value) => value === undefined)) return
  throw new MeepoError('config.invalid', 'addresses of a worker, and what is said of Restate, need --engine restate')
}

/** An optional peer: who works on one machine does not install it. */
async function importRestate() {
  try {
    return await import('@meepo/engine-restate')
  } catch (cause) {
    throw new MeepoError('config.invalid', 'the engine restate needs `npm install @meepo/engine-restate`', { cause })
  }
}
