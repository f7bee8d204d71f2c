import { createLimiter, eventVersions, type BudgetBook, type Limit, type Machine } from '@meepo/core'
import { createEmbeddedEngine, type EmbeddedEngine } from '@meepo/engine-embedded'
import { createGateway, type Gateway } from '@meepo/gateway'
import { hash } from 'node:crypto'
import { fakeRandom } from '@meepo/core/testing'
import type { Bug } from '../bugs/bug.ts'
import type { Chance } from '../world/chance.ts'
import type { EffectBook } from '../world/effect-book.ts'
import type { Life } from '../world/life.ts'
import { simplePrices } from '../world/prices.ts'
import type { SimulatedProvider } from '../world/provider.ts'
import { schedulerOf, type Timeline } from '../world/timeline.ts'
import { connect } from '../store/store-client.ts'
import type { StoreServer } from '../store/store-server.ts'
import { tellStore, type StoreTeller } from './tell-store.ts'
import { buildWorkload } from './workload.ts'

/** What all processes of a simulation share. */
export interface Surroundings {
  readonly timeline: Timeline
  readonly server: StoreServer
  readonly provider: SimulatedProvider
  readonly effects: EffectBook
  readonly teller: StoreTeller
  /** Knows no balances: the same for all. */
  readonly book: BudgetBook
  readonly limits: readonly Limit[]
  readonly bug: Bug | undefined
  readonly onNotice: (life: Life, text: string) => void
}

/** How one process is set up. */
export interface ProcessSettings {
  readonly idleMs: number
  readonly concurrency: number
  readonly maxConcurrentWorkflows: number | undefined
}

/** The beats of all processes. */
const beatMs = 1_000
const missedBeats = 5

/** One process: the real engine and the real gateway on ports that are simulated. */
export interface EngineProcess {
  readonly life: Life
  readonly engine: EmbeddedEngine
  readonly gateway: Gateway
}

/** Starts a process. It has not joined the store yet. */
export function startProcess(
  surroundings: Surroundings,
  life: Life,
  chance: Chance,
  settings: ProcessSettings,
): EngineProcess {
  const { timeline, server, provider, effects, teller, bug, onNotice } = surroundings
  const lateness = chance.part('lateness')
  const machine: Machine = {
    scheduler: schedulerOf(timeline, life, () => lateness.between(0, 1)),
    random: fakeRandom(`${chance.seed}/ids`),
    hash: (text) => hash('sha256', text),
  }
  const versions = bug?.versions ?? eventVersions
  const connected = connect({ server, timeline, life, chance: chance.part('wire'), versions })
  const store = tellStore(bug?.store?.(connected, { life, timeline, server }) ?? connected, life, timeline, teller)
  const limiter = createLimiter({
    limits: surroundings.limits,
    counters: bug?.counters?.(store.counters) ?? store.counters,
    scheduler: machine.scheduler,
    random: machine.random,
    weights: { acme: 3 },
    maxWaitMs: 120_000,
  })
  const fetch = provider.fetchOf(life)
  const gateway = createGateway({
    providers: {
      sim: {
        kind: 'openai-compatible',
        baseURL: 'http://provider.test/v1',
        keys: [
          { label: 'one', apiKey: 'a' },
          { label: 'two', apiKey: 'b' },
        ],
      },
    },
    aliases: {},
    routes: { default: { targets: ['sim:large', 'sim:small'], afterContent: 'restart' } },
    prices: { overrides: simplePrices },
    limiter,
    healthBoard: store.health,
    machine,
    env: {},
    fetch: bug?.fetch?.(fetch, { life, timeline }) ?? fetch,
    timeoutMs: 20_000,
    onWarning: ({ message }) => onNotice(life, message),
  })
  const engine = createEmbeddedEngine({
    store,
    models: gateway,
    machine,
    budgets: surroundings.book,
    beatMs,
    missedBeats,
    idleMs: settings.idleMs,
    concurrency: settings.concurrency,
    ...(settings.maxConcurrentWorkflows === undefined
      ? {}
      : { maxConcurrentWorkflows: settings.maxConcurrentWorkflows }),
    onNotice: ({ code, message, runId }) => onNotice(life, `${code} ${runId ?? ''} ${message}`),
  })
  engine.register(
    ...buildWorkload({ life, effects: bug?.effects?.(effects) ?? effects, chance: chance.part('answers') }),
  )
  return { life, engine, gateway }
}
