import type { JournalEntry } from '@meepo/simulator'
import { createHash } from 'node:crypto'

import type { Durable } from './durable.ts'
import type { EffectLine } from './effects.ts'

/** One execution of a body, as the world outside saw it. */
interface Execution {
  readonly key: string
  readonly hash: string
}

/** What was known right after a kill. */
export interface Kill {
  readonly durable: Durable
  /** How much had been written to the two files. */
  readonly effectLines: number
  readonly requests: number
}

/** What a kill cost. */
interface KillFigures {
  readonly completed: number
  readonly inFlight: number
  readonly repeated: number
}

/** What the two files say about a crashed run. */
export interface Audit {
  readonly kills: readonly KillFigures[]
  readonly steps: number
  readonly executions: number
  readonly repeats: number
  readonly inFlight: number
  /** Of all steps, how many came from the log when the run was resumed; the mean over the kills. */
  readonly fromLog: number
  readonly violations: readonly string[]
}

/** Compares what was executed with what the log held at each kill. */
export function auditCrashes(
  kills: readonly Kill[],
  effects: readonly EffectLine[],
  journal: readonly JournalEntry[],
): Audit {
  const violations: string[] = []
  const count = new Map<string, number>()
  const allowed = new Map<string, number>()
  const hashes = new Map<string, string>()
  const figures: { completed: number; inFlight: number; repeated: number }[] = []
  let executions = 0

  const take = (
    from: Pick<Kill, 'effectLines' | 'requests'>,
    to: Pick<Kill, 'effectLines' | 'requests'>,
  ): Execution[] => [
    ...effects.slice(from.effectLines, to.effectLines).flatMap((line) => (line.kind === 'begun' ? [line] : [])),
    ...journal.slice(from.requests, to.requests).map(requestOf),
  ]
  const ends = [...kills, { effectLines: effects.length, requests: journal.length }]
  let before: Pick<Kill, 'effectLines' | 'requests'> = { effectLines: 0, requests: 0 }
  for (const [at, end] of ends.entries()) {
    const durable = kills[at - 1]?.durable.completed
    let repeated = 0
    for (const { key, hash } of take(before, end)) {
      executions++
      if (durable?.has(key) === true)
        violations.push(`${key} ran again after kill ${at}, though its result was durable`)
      const times = (count.get(key) ?? 0) + 1
      count.set(key, times)
      if (times > 1) repeated++
      if (times > 1 + (allowed.get(key) ?? 0)) violations.push(`${key} ran ${times} times without a kill to excuse it`)
      if ((hashes.get(key) ?? hash) !== hash) violations.push(`${key} was repeated with other arguments`)
      hashes.set(key, hash)
    }
    const previous = figures.at(-1)
    if (previous !== undefined) previous.repeated = repeated
    const kill = kills[at]
    if (kill === undefined) break
    // What was executed without a trace in the log was in flight as well: free reading runs ahead of the disk.
    const { completed, open } = kill.durable
    const inFlight = [...new Set([...open, ...count.keys()])].filter((key) => !completed.has(key))
    for (const key of inFlight) allowed.set(key, (allowed.get(key) ?? 0) + 1)
    figures.push({ completed: completed.size, inFlight: inFlight.length, repeated: 0 })
    before = end
  }
  const steps = count.size
  const sum = (of: (figure: KillFigures) => number): number => figures.reduce((total, figure) => total + of(figure), 0)
  return {
    kills: figures,
    steps,
    executions,
    repeats: executions - steps,
    inFlight: sum(({ inFlight }) => inFlight),
    fromLog: figures.length === 0 ? 0 : sum(({ completed }) => completed) / (figures.length * steps),
    violations,
  }
}

function requestOf({ idempotencyKey = '', body }: JournalEntry): Execution {
  return { key: idempotencyKey, hash: createHash('sha256').update(JSON.stringify(body)).digest('hex') }
}
