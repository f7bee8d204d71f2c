import type { Counters, LimitsView, Rule, TakeOutcome, TakeRequest, Waiting } from '@meepo/core'
import { sumWaiting, viewOf } from '@meepo/core/store-rules'
import type { WriteQueue } from '../client/queue.ts'
import { machineMs, tick } from '../limits/clock.ts'
import type { LimitAnswers } from '../limits/limit-desk.ts'
import { toBucket, toTally } from '../limits/row.ts'
import type { EncodedRequest, LimitOperation } from '../limits/operation.ts'
import type { Reader } from '../read/reader.ts'
import { integer, text } from '../row.ts'

/** How often a waiting call looks whether another process left room. */
const pollMs = 25

/** Levels of limits that all processes on the file share. */
export function createCounters(queue: Pick<WriteQueue, 'command'>, reader: Pick<Reader, 'all'>): Counters {
  const commands = new LimitCommands(queue)
  return {
    pollMs,
    take: async (holder, requests) => {
      const encoded = requests.map((request) => commands.encode(request))
      // The writer answers a take with an outcome for each request.
      return (await commands.add({ kind: 'take', holder, requests: encoded })) as readonly TakeOutcome[]
    },
    settle: async (settlements) => {
      await commands.add({ kind: 'settle', settlements })
    },
    release: async (ids) => {
      await commands.add({ kind: 'release', ids })
    },
    learn: async (lessons) => {
      await commands.add({ kind: 'learn', lessons })
    },
    beat: async (holder, report) => {
      await commands.add({ kind: 'beat', holder, report })
    },
    leave: async (holder, report) => {
      await commands.add({ kind: 'leave', holder, report })
    },
    inspect: async () => inspect(reader),
  }
}

function inspect(reader: Pick<Reader, 'all'>): LimitsView {
  const stored = reader.all('limitClock')[0]
  const past = stored
    ? { last: integer(stored, 'last'), aheadMs: integer(stored, 'ahead_ms') }
    : { last: 0, aheadMs: 0 }
  const { last: now } = tick(past, machineMs())
  const cooldowns = reader.all('limitCooldowns').map((found) => [text(found, 'key'), integer(found, 'until')] as const)
  const waiting = reader
    .all('limitHolders', now)
    // JSON that this package wrote.
    .flatMap((found) => JSON.parse(text(found, 'waiting')) as readonly Waiting[])
  return {
    ...viewOf(reader.all('limitBuckets').map(toBucket), cooldowns, now),
    tallies: reader.all('limitTallies').map(toTally),
    waiting: sumWaiting(waiting),
  }
}

interface Call {
  readonly resolve: (answer: readonly TakeOutcome[] | null | undefined) => void
  readonly reject: (error: unknown) => void
}

/**
 * What is done while a command is under way goes as the next one: the more there is to do, the more of it shares a
 * transaction and the reading and writing of a bucket.
 */
class LimitCommands {
  readonly #queue: Pick<WriteQueue, 'command'>
  #operations: LimitOperation[] = []
  #calls: Call[] = []
  #rules: Rule[] = []
  readonly #indexes = new Map<Rule, number>()
  #isUnderWay = false

  constructor(queue: Pick<WriteQueue, 'command'>) {
    this.#queue = queue
  }

  /** For the operation that is added next, in the same turn. */
  encode({ id, cooldown, turn, asks }: TakeRequest): EncodedRequest {
    const flat = asks.flatMap(({ rule, value, amount }) => [this.#indexOf(rule), value, amount])
    return {
      id,
      asks: flat,
      ...(cooldown === undefined ? {} : { cooldown }),
      ...(turn === undefined ? {} : { turn }),
    }
  }

  add(operation: LimitOperation): Promise<readonly TakeOutcome[] | null | undefined> {
    return new Promise((resolve, reject) => {
      this.#operations.push(operation)
      this.#calls.push({ resolve, reject })
      if (this.#isUnderWay) return
      this.#isUnderWay = true
      // What else happens in this turn goes along.
      queueMicrotask(() => void this.#send())
    })
  }

  #indexOf(rule: Rule): number {
    const known = this.#indexes.get(rule)
    if (known !== undefined) return known
    this.#indexes.set(rule, this.#rules.length)
    return this.#rules.push(rule) - 1
  }

  async #send(): Promise<void> {
    while (this.#operations.length > 0) {
      const calls = this.#calls
      const command = { kind: 'limits', rules: this.#rules, operations: this.#operations } as const
      this.#operations = []
      this.#calls = []
      this.#rules = []
      this.#indexes.clear()
      try {
        // The writer answers this command with them.
        const answers = (await this.#queue.command(command)) as LimitAnswers
        for (const [index, call] of calls.entries()) call.resolve(answers[index])
      } catch (error) {
        for (const call of calls) call.reject(error)
      }
    }
    this.#isUnderWay = false
  }
}
