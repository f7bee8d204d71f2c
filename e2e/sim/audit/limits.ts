import type { Ask, Counters, Holder, Limit, TakeOutcome } from '@meepo/core'
import type { Violation } from '../../torture/audit/violation.ts'

const periods = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** A bucket as arithmetic has it, at its most generous. */
interface Level {
  left: number
  at: number
  open: number
}

interface Granted {
  readonly holder: string
  readonly asks: readonly Ask[]
}

/**
 * Counts along with the counters: a plain token bucket for each limit, which is never less generous than what was
 * promised. A grant that it could not have given is one too many.
 */
export function watchCounters(
  counters: Counters,
  limits: readonly Limit[],
  now: () => number,
  violations: Violation[],
): Counters {
  const levels = new Map<string, Level>()
  const permits = new Map<string, Granted>()
  const holders = new Map<string, number>()
  const limitOf = (ask: Ask): Limit | undefined => limits.find(({ name }) => name === ask.rule.name)

  const level = (limit: Limit, value: string): Level => {
    const key = `${limit.name} ${value}`
    const known = levels.get(key) ?? { left: limit.burst ?? limit.amount, at: now(), open: 0 }
    levels.set(key, known)
    const refill = limit.per === undefined ? 0 : ((now() - known.at) * limit.amount) / periods[limit.per]
    known.left = Math.min(limit.burst ?? limit.amount, known.left + refill)
    known.at = now()
    return known
  }
  const end = (id: string, backOf: (ask: Ask) => number): void => {
    const permit = permits.get(id)
    permits.delete(id)
    for (const ask of permit?.asks ?? []) {
      const limit = limitOf(ask)
      if (!limit) continue
      const bucket = level(limit, ask.value)
      if (limit.counts === 'concurrent') bucket.open -= ask.amount
      else bucket.left += backOf(ask)
    }
  }
  const buryDead = (): void => {
    for (const [holder, until] of holders) {
      if (until > now()) continue
      holders.delete(holder)
      for (const [id, permit] of permits) if (permit.holder === holder) end(id, () => 0)
    }
  }
  const beat = ({ id, ttlMs }: Holder): void => {
    holders.set(id, now() + ttlMs)
  }
  const grant = (holder: Holder, id: string, asks: readonly Ask[]): void => {
    if (permits.has(id)) return
    permits.set(id, { holder: holder.id, asks })
    for (const ask of asks) {
      const limit = limitOf(ask)
      if (!limit) continue
      const bucket = level(limit, ask.value)
      if (limit.counts === 'concurrent') bucket.open += ask.amount
      else bucket.left -= ask.amount
      // A millisecond of refill is lost in rounding.
      const isOver = limit.counts === 'concurrent' ? bucket.open > limit.amount : bucket.left < -1
      if (isOver) {
        violations.push({
          rule: 'no more is granted than a limit allows',
          text: `${limit.name} ${ask.value}: ${limit.counts === 'concurrent' ? `${bucket.open} open` : `${bucket.left.toFixed(2)} left`} after ${id}`,
        })
      }
    }
  }
  const take = (holder: Holder, requests: Parameters<Counters['take']>[1]): readonly TakeOutcome[] => {
    buryDead()
    if (!holders.has(holder.id)) beat(holder)
    // The counters of a simulation answer at once.
    const outcomes = counters.take(holder, requests) as readonly TakeOutcome[]
    for (const [index, { id, asks }] of requests.entries())
      if (outcomes[index]?.kind === 'granted') grant(holder, id, asks)
    return outcomes
  }

  return {
    ...counters,
    take,
    settle: (settlements) => {
      buryDead()
      for (const { id, actual } of settlements) end(id, ({ rule, amount }) => amount - (actual[rule.counts] ?? amount))
      return counters.settle(settlements)
    },
    release: (ids) => {
      buryDead()
      for (const id of ids) end(id, ({ amount }) => amount)
      return counters.release(ids)
    },
    beat: (holder, report) => {
      buryDead()
      beat(holder)
      return counters.beat(holder, report)
    },
    leave: (holder, report) => {
      holders.set(holder.id, 0)
      buryDead()
      return counters.leave(holder, report)
    },
  }
}
