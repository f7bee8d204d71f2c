import { existsSync } from 'node:fs'
import { MeepoError, type Dispatcher } from '@meepo/core'
import { createMeepo, type Meepo, type MeepoConfig } from 'meepo'
import { loadConfigIfAny } from './config/load-config.ts'
import { fatalError, type Notices } from './drive/notices.ts'
import { isStoreFile } from './config/store-file.ts'

/**
 * Opens the store with an engine that may drive runs. Definitions become known when one is started or resumed. Where workers
 * drive runs, this process is none of them: it only sends.
 */
export function openEngine(config: MeepoConfig, notices?: Notices): Promise<Meepo> {
  const { definitions: _known, workflows: _scheduled, registry: _names, onNotice, engine, ...options } = config
  return createMeepo({
    ...options,
    ...(engine === undefined ? {} : { engine: engine === 'embedded' ? engine : onlySending(engine) }),
    onNotice: (notice) => {
      onNotice?.(notice)
      notices?.add(notice)
    },
  })
}

/** What is started here arrives elsewhere. */
function onlySending(dispatcher: Dispatcher): Dispatcher {
  const nothing = (): Promise<void> => Promise.resolve()
  return { begin: nothing, serve: nothing, stop: nothing, send: (drive) => dispatcher.send(drive) }
}

/** Opens an engine that does everything that the configuration knows, and keeps the schedules of its workflows. */
export function openFleet(config: MeepoConfig, tell: (text: string) => void): Promise<Meepo> {
  const { registry: _names, onNotice, ...options } = config
  return createMeepo({
    ...options,
    onNotice: (notice) => {
      onNotice?.(notice)
      tell(`${notice.code}: ${notice.message}`)
    },
  })
}

/** Opens the store of the configuration to look or to send. No engine joins it, and no file is made unless it may be. */
export async function withStore<T>(
  named: string | undefined,
  use: (meepo: Meepo) => Promise<T>,
  { mayMake = false }: { readonly mayMake?: boolean } = {},
): Promise<T> {
  const { config } = await loadConfigIfAny(named)
  requireStore(config.store, mayMake)
  const meepo = await openEngine(config)
  try {
    return await use(meepo)
  } finally {
    await meepo.stop()
  }
}

/** Refuses a store in which nothing can be found. */
export function requireStore(store: MeepoConfig['store'], mayMake = false): void {
  if (store === 'memory') {
    throw new MeepoError('config.invalid', 'store: "memory" keeps nothing behind the end of a process; name a file')
  }
  if (isStoreFile(store) && !mayMake && !existsSync(store)) {
    throw new MeepoError('store.not_found', `there is no database ${store}`)
  }
}

/** Stops what {@link openEngine} opened. A store that cannot be written any more was told by whoever attended the run. */
export async function closeEngine(meepo: Meepo): Promise<void> {
  try {
    await meepo.stop()
  } catch (thrown) {
    if (!fatalError(thrown)) throw thrown
  }
}
