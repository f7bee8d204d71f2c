import type { Ask, Holder, LimiterReport, Rule, TakeOutcome, TakeRequest } from '@meepo/core'
import { abandonOne, advance, isIdle, learnOne, releaseOne, settleOne, takeAll } from '@meepo/core/store-rules'
import type { DatabaseSync } from 'node:sqlite'
import type { EncodedRequest, LimitOperation } from './operation.ts'
import { integer, row, text } from '../row.ts'
import { machineMs, tick } from './clock.ts'
import { LimitRows, type LimitStatements } from './limit-rows.ts'
import { toBucket } from './row.ts'
import { limitSql } from './sql.ts'

/** The answer to each operation: outcomes for `take`, null for the others. */
export type LimitAnswers = readonly (readonly TakeOutcome[] | null)[]

/** Where the writer works on counters. Keeps nothing between two commands but where it is on its way round. */
export class LimitDesk {
  readonly #db: DatabaseSync
  readonly #machineMs: () => number
  #run: LimitStatements | undefined
  #sweptTo = 0

  constructor(db: DatabaseSync, machine: () => number = machineMs) {
    this.#db = db
    this.#machineMs = machine
  }

  /** Executes one command. Inside the transaction of its batch. */
  execute(rules: readonly Rule[], operations: readonly LimitOperation[]): LimitAnswers {
    const run = (this.#run ??= prepare(this.#db))
    const stored = row(run.clock.get())
    const clock = tick({ last: integer(stored, 'last'), aheadMs: integer(stored, 'ahead_ms') }, this.#machineMs())
    run.setClock.run(clock.last, clock.aheadMs)
    const command = new LimitCommand(run, rules, clock.last)
    command.buryDead()
    const answers = operations.map((operation) => command.execute(operation))
    command.flush()
    if (operations.some(({ kind }) => kind === 'beat')) this.#forgetSome(run, clock.last)
    return answers
  }

  /** Buckets that are full again are as good as none. */
  #forgetSome(run: LimitStatements, now: number): void {
    const slice = run.someBuckets.all(this.#sweptTo)
    for (const found of slice) {
      const bucket = toBucket(found)
      advance(bucket, now)
      if (isIdle(bucket)) run.deleteBucket.run(bucket.rule.name, bucket.value)
    }
    const last = slice.at(-1)
    this.#sweptTo = last ? integer(last, 'id') : 0
    run.deleteOldCooldowns.run(now)
  }
}

class LimitCommand {
  readonly #run: LimitStatements
  readonly #rules: readonly Rule[]
  readonly #now: number
  readonly #rows: LimitRows

  constructor(run: LimitStatements, rules: readonly Rule[], now: number) {
    this.#run = run
    this.#rules = rules
    this.#now = now
    this.#rows = new LimitRows(run, now)
  }

  execute(operation: LimitOperation): readonly TakeOutcome[] | null {
    const { rows, now } = { rows: this.#rows, now: this.#now }
    switch (operation.kind) {
      case 'take':
        this.#run.addHolder.run(operation.holder.id, now + operation.holder.ttlMs)
        return takeAll(
          rows,
          operation.holder,
          operation.requests.map((request) => this.#decode(request)),
          now,
        )
      case 'settle':
        for (const settlement of operation.settlements) settleOne(rows, settlement, now)
        return null
      case 'release':
        for (const id of operation.ids) releaseOne(rows, id, now)
        return null
      case 'learn':
        for (const lesson of operation.lessons) {
          learnOne(rows, lesson, now)
          const permit = rows.permit(lesson.id)
          if (permit) rows.touch(permit)
        }
        return null
      case 'beat':
        this.#beat(operation.holder, operation.report)
        return null
      case 'leave':
        this.#tell(operation.report)
        this.#bury(operation.holder.id)
        return null
    }
  }

  /** Ends the permits of holders whose time is over. */
  buryDead(): void {
    for (const found of this.#run.deadHolders.all(this.#now)) this.#bury(text(found, 'holder'))
  }

  flush(): void {
    this.#rows.flush()
  }

  #bury(holder: string): void {
    // Permits of the same command are rows only at its end.
    this.#rows.flushPermits()
    for (const found of this.#run.permitsOf.all(holder)) abandonOne(this.#rows, text(found, 'permit_id'), this.#now)
    this.#run.deleteHolder.run(holder)
  }

  #beat({ id, ttlMs }: Holder, report: LimiterReport): void {
    this.#run.beatHolder.run(id, this.#now + ttlMs, JSON.stringify(report.waiting))
    this.#tell(report)
  }

  #tell({ tallies }: LimiterReport): void {
    for (const { limit, requests, waits, waitedMs, longestWaitMs, refusals, throttles } of tallies) {
      this.#run.addTally.run(limit, requests, waits, waitedMs, longestWaitMs, refusals, throttles)
    }
  }

  #decode({ id, cooldown, turn, asks: flat }: EncodedRequest): TakeRequest {
    const asks: Ask[] = []
    for (let index = 0; index + 2 < flat.length; index += 3) {
      const rule = this.#rules[Number(flat[index])]
      if (rule === undefined) throw new TypeError(`a command names rule ${String(flat[index])}, which it does not have`)
      asks.push({ rule, value: String(flat[index + 1]), amount: Number(flat[index + 2]) })
    }
    return { id, asks, ...(cooldown === undefined ? {} : { cooldown }), ...(turn === undefined ? {} : { turn }) }
  }
}

function prepare(db: DatabaseSync): LimitStatements {
  const prepared = Object.entries(limitSql).map(([name, text]) => [name, db.prepare(text)] as const)
  // The keys are those of `limitSql`.
  return Object.fromEntries(prepared) as LimitStatements
}
