import type { BudgetBook } from '../admission/budget/book.ts'
import { forecast } from '../admission/budget/forecast.ts'
import type { Scheduler, Stop } from '../base/ports.ts'
import type { Alert, Money } from '../store/money.ts'
import { forecastMark, noticeOf, type AlertNotice } from './alert-notice.ts'

/** Where alerts go. */
export interface AlertSink {
  /** Names it in errors. */
  readonly name: string
  /**
   * Resolves when the notice arrived. A rejection is tried again, later and later; so is a notice whose process died
   * before it was taken off. A sink may therefore get a notice twice, with the same id. One at a time.
   */
  send(notice: AlertNotice): Promise<void>
}

/** How alerts are told. */
export interface AlertsOptions {
  readonly money: Money
  readonly book: BudgetBook
  readonly scheduler: Scheduler
  readonly sinks: readonly AlertSink[]
  /**
   * Whether this process tells now. Of several processes on one store one should: others would tell the same again.
   * Asked before each look. Every process tells unless said.
   */
  readonly isTeller?: () => Promise<boolean>
  /** How often to look for alerts; 2,000 unless said. */
  readonly lookMs?: number
  /** How often to look ahead; 300,000 unless said, `Infinity` for never. */
  readonly forecastMs?: number
  /** Told when the store or a sink failed. Must not throw. */
  readonly onError?: (reason: unknown, sink?: string) => void
}

/** Tells alerts until it is stopped. */
export interface Alerts {
  /** Looks ahead if it is time, then tells what there is to tell. Rejects with the error of the store only. */
  look(): Promise<void>
  /** Begins to look by itself. */
  start(): void
  /** Lets a look in progress end. Alerts that were not told stay in the store. */
  stop(): Promise<void>
}

const firstDelayMs = 1_000
const longestDelayMs = 300_000
/** How many accounts of one budget are looked ahead for. */
const mostAccounts = 10_000

/** What is left to do for an alert. */
interface Delivery {
  /** Sinks that have it. */
  readonly told: Set<AlertSink>
  failures: number
  /** By the running clock. */
  nextAt: number
}

/**
 * Takes alerts out of the store's outbox to sinks: at least once each, taken off when all sinks have it. That an
 * alert is written once per threshold, period and limit is the store's part, in the transaction that reached it.
 */
export function createAlerts(options: AlertsOptions): Alerts {
  const { money, book, scheduler, sinks, lookMs = 2_000, forecastMs = 300_000, onError } = options
  const open = new Map<string, Delivery>()
  let nextForecastAt = forecastMs === Infinity ? Infinity : 0
  let looking: Promise<void> | undefined
  let stopTimer: Stop | undefined
  let isStopped = false

  const tell = async (alert: Alert): Promise<boolean> => {
    const delivery = open.get(alert.id) ?? { told: new Set(), failures: 0, nextAt: 0 }
    open.set(alert.id, delivery)
    if (scheduler.elapsed() < delivery.nextAt) return false
    const notice = noticeOf(alert, book)
    for (const sink of sinks) {
      if (delivery.told.has(sink)) continue
      try {
        await sink.send(notice)
        delivery.told.add(sink)
      } catch (reason) {
        onError?.(reason, sink.name)
      }
    }
    if (delivery.told.size === sinks.length) return true
    delivery.nextAt = scheduler.elapsed() + Math.min(longestDelayMs, firstDelayMs * 2 ** delivery.failures)
    delivery.failures++
    return false
  }
  const pass = async (): Promise<void> => {
    if (options.isTeller && !(await options.isTeller())) return
    if (scheduler.elapsed() >= nextForecastAt) {
      nextForecastAt = scheduler.elapsed() + forecastMs
      await lookAhead(money, book, scheduler.now())
    }
    for (const alert of await money.alerts()) {
      if (isStopped) return
      if (!(await tell(alert))) continue
      await money.takeOff([alert.id])
      open.delete(alert.id)
    }
  }
  const look = (): Promise<void> => {
    looking ??= pass().finally(() => {
      looking = undefined
    })
    return looking
  }
  const lookAgain = async (): Promise<void> => {
    await look().catch((reason: unknown) => onError?.(reason))
    if (!isStopped) lookLater()
  }
  const lookLater = (): void => {
    stopTimer = scheduler.after(lookMs, () => void lookAgain(), true)
  }
  return {
    look,
    start: () => {
      if (stopTimer === undefined) lookLater()
    },
    stop: async () => {
      isStopped = true
      stopTimer?.()
      await looking?.catch((reason: unknown) => onError?.(reason))
    },
  }
}

/**
 * Writes an alert for each account that will reach its limit before its period ends; the store keeps it to one per
 * period and limit.
 */
async function lookAhead(money: Money, book: BudgetBook, at: number): Promise<void> {
  for (const budget of book.budgets) {
    const [prefix = ''] = book.prefixesOf(budget, at)
    for (const { key, settled, reserved, limit: stored } of await money.accounts(prefix, mostAccounts)) {
      const view = book.find(key, at)
      const limit = stored === undefined ? view?.limit : BigInt(stored)
      if (view === undefined || limit === undefined || !forecast(view.period, at, BigInt(settled), limit)) continue
      const id = `${key} ${forecastMark} ${limit}`
      await money.raise({ id, at, key, mark: forecastMark, settled, reserved, limit: String(limit) })
    }
  }
}
