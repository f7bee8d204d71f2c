import {
  createAlerts,
  createBudgetBook,
  createCosts,
  createLimiter,
  isFirstEngine,
  MeepoError,
  sweepCalls,
  toErrorData,
  type AlertSink,
  type Budget,
  type BudgetBook,
  type Costs,
  type Limit,
  type Limiter,
  type Machine,
  type Store,
} from '@meepo/core'
import type { EmbeddedEngine, EngineNotice } from '@meepo/engine-embedded'

/** What runs may spend, how fast they may call, and who is told. */
export interface MoneyOptions {
  /** Who may spend how much in which time. Without, runs have their own limits. */
  readonly budgets?: readonly Budget[]
  /** How fast and how many at a time: requests, tokens and calls in flight, shared by all processes on the store. */
  readonly limits?: readonly Limit[]
  /** Where alerts of budgets go. Of several processes on the store one tells them. Without, they wait in the store. */
  readonly alerts?: readonly AlertSink[]
}

/** The ids of engines with somebody to tell begin so: of the processes on a store one of those tells alerts. */
const tellerPrefix = 'teller-'

/** With what the id of an engine begins whose process has these sinks; undefined: as usual. */
export function enginePrefix({ alerts = [] }: MoneyOptions): { readonly idPrefix?: string } {
  return alerts.length > 0 ? { idPrefix: tellerPrefix } : {}
}

/** Calls outside of runs whose process died are booked at the latest after this time. */
const sweepMs = 60_000

/** The gate in front of calls; its counters are the store's. */
export function openLimiter(
  { limits, limiter }: MoneyOptions & { readonly limiter?: Limiter },
  store: Store,
  { scheduler, random }: Machine,
): Limiter | undefined {
  if (limits === undefined) return limiter
  if (limiter) throw new MeepoError('config.invalid', 'createMeepo: limiter replaces limits: give one of them')
  return createLimiter({ limits, counters: store.counters, scheduler, random })
}

/** The reports of a store, and what is done for its books from time to time. */
export interface OpenBooks {
  readonly costs: Costs
  close(): Promise<void>
}

/** Opens the books of the store that the engine drives: its log and its money are one. */
export function openBooks(
  engine: EmbeddedEngine,
  book: BudgetBook = createBudgetBook(),
  { alerts: sinks = [] }: MoneyOptions = {},
  onNotice: (notice: EngineNotice) => void = ignore,
): OpenBooks {
  const { machine, store } = engine
  const { money, leases } = store
  const { scheduler } = machine
  const onError = (reason: unknown): void => {
    const { code, message } = toErrorData(reason, 'store.failed')
    onNotice({ code, message })
  }
  const isTeller = (): Promise<boolean> => isFirstEngine(leases, engine.id, tellerPrefix)()
  const alerts = sinks.length > 0 ? createAlerts({ money, book, scheduler, sinks, isTeller, onError }) : undefined
  alerts?.start()
  const sweep = (): void => void sweepCalls(money, scheduler.now()).catch(onError)
  let stop = scheduler.after(sweepMs, again, true)
  function again(): void {
    sweep()
    stop = scheduler.after(sweepMs, again, true)
  }
  return {
    costs: createCosts({ money, book, scheduler }),
    close: async () => {
      stop()
      await alerts?.stop()
    },
  }
}

function ignore(): void {}
