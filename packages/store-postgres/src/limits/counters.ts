import type {
  Counters,
  Holder,
  Lesson,
  LimiterReport,
  LimitsView,
  LimitTally,
  PermitSettlement,
  TakeOutcome,
  TakeRequest,
  Waiting,
} from '@meepo/core'
import { abandonOne, learnOne, releaseOne, settleOne, sumWaiting, takeAll, viewOf } from '@meepo/core/store-rules'
import type { Database } from '../database/database.ts'
import type { Transaction } from '../database/transaction.ts'
import { readBucket } from './bucket-text.ts'
import { forgetIdle, LimitRows, type Needed } from './limit-rows.ts'
import { limitSql } from './sql.ts'

/** How often a waiting call looks whether another process left room. */
const pollMs = 25

type Operation =
  | { readonly kind: 'take'; readonly holder: Holder; readonly requests: readonly TakeRequest[] }
  | { readonly kind: 'settle'; readonly settlements: readonly PermitSettlement[] }
  | { readonly kind: 'release'; readonly ids: readonly string[] }
  | { readonly kind: 'learn'; readonly lessons: readonly Lesson[] }
  | { readonly kind: 'beat' | 'leave'; readonly holder: Holder; readonly report: LimiterReport }

type Answer = readonly TakeOutcome[] | undefined

interface Call {
  readonly operation: Operation
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Levels of limits that all processes on the database share. */
export function createCounters(database: Database): Counters {
  const commands = new LimitCommands(database)
  const add = async (operation: Operation): Promise<void> => {
    await commands.add(operation)
  }
  return {
    pollMs,
    take: async (holder, requests) => (await commands.add({ kind: 'take', holder, requests })) ?? [],
    settle: (settlements) => add({ kind: 'settle', settlements }),
    release: (ids) => add({ kind: 'release', ids }),
    learn: (lessons) => add({ kind: 'learn', lessons }),
    beat: (holder, report) => add({ kind: 'beat', holder, report }),
    leave: (holder, report) => add({ kind: 'leave', holder, report }),
    inspect: () => inspect(database),
  }
}

async function inspect(database: Database): Promise<LimitsView> {
  const [[clock], buckets, cooldowns, tallies, holders] = await Promise.all([
    database.all<{ now: number }>(limitSql.now),
    database.all<{ state: string }>(limitSql.allBuckets),
    database.all<{ key: string; until: number }>(limitSql.allCooldowns),
    database.all<LimitTally>(limitSql.tallies),
    database.all<{ expires_at: number; waiting: string }>(limitSql.holders),
  ])
  const now = clock?.now ?? 0
  const alive = holders.filter(({ expires_at: expiresAt }) => expiresAt > now)
  const view = viewOf(
    buckets.map(({ state }) => readBucket(state)),
    cooldowns.map(({ key, until }) => [key, until] as const),
    now,
  )
  // JSON that this package wrote.
  const waiting = alive.flatMap((holder) => JSON.parse(holder.waiting) as readonly Waiting[])
  return { ...view, tallies, waiting: sumWaiting(waiting) }
}

/**
 * What is asked for while a command is under way goes as the next one: the more there is to do, the more of it shares a
 * transaction and the reading and writing of a bucket.
 */
class LimitCommands {
  readonly #database: Database
  #calls: Call[] = []
  #isUnderWay = false
  #sweptTo: readonly [string, string] = ['', '']

  constructor(database: Database) {
    this.#database = database
  }

  add(operation: Operation): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#calls.push({ operation, resolve, reject })
      if (this.#isUnderWay) return
      this.#isUnderWay = true
      // What else happens in this turn goes along.
      queueMicrotask(() => void this.#send())
    })
  }

  /** Never rejects. */
  async #send(): Promise<void> {
    while (this.#calls.length > 0) {
      const calls = this.#calls.splice(0)
      const operations = calls.map(({ operation }) => operation)
      try {
        const work = (transaction: Transaction): Promise<readonly Answer[]> => this.#execute(transaction, operations)
        const answers = await this.#database.command(work, limitSql.begin)
        for (const [index, call] of calls.entries()) call.resolve(answers[index])
      } catch (error) {
        for (const call of calls) call.reject(error)
      }
    }
    this.#isUnderWay = false
  }

  async #execute(transaction: Transaction, operations: readonly Operation[]): Promise<readonly Answer[]> {
    const rows = await LimitRows.load(transaction, neededBy(operations))
    for (const holder of rows.deadHolders()) bury(rows, holder)
    const answers = operations.map((operation) => execute(rows, operation))
    await rows.write(transaction)
    if (operations.some(({ kind }) => kind === 'beat')) {
      this.#sweptTo = await forgetIdle(transaction, this.#sweptTo, rows.now)
    }
    return answers
  }
}

function execute(rows: LimitRows, operation: Operation): Answer {
  const { now } = rows
  switch (operation.kind) {
    case 'take':
      rows.meet(operation.holder)
      return takeAll(rows, operation.holder, operation.requests, now)
    case 'settle':
      for (const settlement of operation.settlements) settleOne(rows, settlement, now)
      return undefined
    case 'release':
      for (const id of operation.ids) releaseOne(rows, id, now)
      return undefined
    case 'learn':
      for (const lesson of operation.lessons) {
        learnOne(rows, lesson, now)
        const permit = rows.permit(lesson.id)
        if (permit) rows.touch(permit)
      }
      return undefined
    case 'beat':
      rows.beat(operation.holder, operation.report.waiting)
      rows.tell(operation.report.tallies)
      return undefined
    case 'leave':
      rows.tell(operation.report.tallies)
      bury(rows, operation.holder.id)
      return undefined
  }
}

/** Ends the permits of a holder that left, or whose time is over. */
function bury(rows: LimitRows, holder: string): void {
  for (const id of rows.permitsOf(holder)) abandonOne(rows, id, rows.now)
  rows.forget(holder)
}

function neededBy(operations: readonly Operation[]): Needed {
  const needed = {
    permits: new Set<string>(),
    leaving: new Set<string>(),
    buckets: [] as { name: string; value: string }[],
    cooldowns: new Set<string>(),
  }
  for (const operation of operations) {
    if (operation.kind === 'take') {
      for (const { id, asks, cooldown } of operation.requests) {
        needed.permits.add(id)
        for (const { rule, value } of asks) needed.buckets.push({ name: rule.name, value })
        if (cooldown !== undefined) needed.cooldowns.add(cooldown)
      }
    } else if (operation.kind === 'settle') for (const { id } of operation.settlements) needed.permits.add(id)
    else if (operation.kind === 'release') for (const id of operation.ids) needed.permits.add(id)
    else if (operation.kind === 'leave') needed.leaving.add(operation.holder.id)
    else if (operation.kind === 'learn') {
      for (const { id, cooldown } of operation.lessons) {
        needed.permits.add(id)
        if (cooldown !== undefined) needed.cooldowns.add(cooldown)
      }
    }
  }
  return needed
}
