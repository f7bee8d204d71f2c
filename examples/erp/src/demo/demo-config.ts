import { createMeepo } from 'meepo'
import type { MeepoConfig } from 'meepo'

import { DataError } from '../data/data-error.ts'
import { loadCompany } from '../data/load-company.ts'
import { bindMonthEnd } from '../platform/month-end.ts'
import type { LookAtRuns } from '../platform/left-undone.ts'
import { chooseModel, offlineWiring } from './choose-model.ts'
import { databaseIn } from './state-folder.ts'
import { startSimulator } from './simulator-process.ts'

/** What a run of the demo began with. */
interface DemoConfigOptions {
  readonly state: string
  readonly data: string
  readonly out: string
  readonly model?: string
  readonly baseUrl?: string
  /** A scripted model that listens already; else one is started when it is asked for the first time. */
  readonly offlineUrl?: string
}

/**
 * The demo for the command `meepo`: the same definitions, model and database.
 *
 * @public Imported by the configuration that the demo writes.
 */
export function demoConfig(options: DemoConfigOptions): MeepoConfig {
  const { state, out, offlineUrl } = options
  const choice = chooseModel(options, process.env)
  const offline =
    offlineUrl === undefined ? { ...offlineWiring(lazyUrl), fetch: lazyFetch() } : offlineWiring(offlineUrl)
  return {
    definitions: definitionsOver(options.data, out, state),
    store: databaseIn(state),
    ...(choice.kind === 'real' ? choice.wiring : offline),
  }
}

/** Looks with a store of its own, so that whoever drives the runs need not be known. */
export function lookInto(state: string): LookAtRuns {
  return async (look) => {
    const meepo = await createMeepo({ store: databaseIn(state) })
    try {
      return await look(meepo.engine)
    } finally {
      await meepo.stop()
    }
  }
}

/** A run can be looked at whatever became of its files; only to go on it needs them. */
function definitionsOver(data: string, out: string, state: string): NonNullable<MeepoConfig['definitions']> {
  try {
    // What makes a definition is bound to its own input and result: a list of them forgets both.
    return [bindMonthEnd({ company: loadCompany(data), out, lookAtRuns: lookInto(state) })] as NonNullable<
      MeepoConfig['definitions']
    >
  } catch (thrown) {
    if (!(thrown instanceof DataError)) throw thrown
    process.emitWarning(`${thrown.message}: no run can go on`, { code: thrown.code })
    return []
  }
}

const lazyUrl = 'http://scripted.invalid'

/** Starts the scripted model when somebody asks it: most commands only look. It ends with this process. */
function lazyFetch(): typeof globalThis.fetch {
  let started: Promise<string> | undefined
  return async (input, init) => {
    started ??= startSimulator({ isBackground: true }).then(({ url }) => url)
    const asked = String(input instanceof Request ? input.url : input)
    return await fetch(asked.replace(lazyUrl, await started), init)
  }
}
