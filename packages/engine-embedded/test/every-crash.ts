// Drives something to its end, then again from what was durable at many moments, and compares.

import type { LogEvent, RunId, Store } from '@meepo/core'
import { createMemoryStore, createTestMachine, type TestMachine } from '@meepo/core/testing'
import { allLogs, History } from './history.ts'

/** What one life drives, and what it did. */
export interface CrashedWorld {
  /** The keys of steps whose bodies ran: `run/number`. */
  readonly effects: readonly string[]
}

/** How a crash is tried everywhere. */
export interface EveryCrash<W extends CrashedWorld> {
  /** Made anew for each life. */
  readonly createWorld: () => W
  /** Drives it to the end; answers with all that came of it, as text. */
  readonly drive: (world: W, store: Store, machine: TestMachine) => Promise<string>
  /** Every so many writes one crash. */
  readonly step: (writes: number) => number
}

/** What was tried, and what always came of it. */
export interface Survived {
  readonly crashes: number
  readonly told: string
  readonly logs: ReadonlyMap<RunId, readonly LogEvent[]>
}

const startAt = 1_700_000_000_000

/** Throws, telling which crash went wrong. */
export async function crashEverywhere<W extends CrashedWorld>({
  createWorld,
  drive,
  step,
}: EveryCrash<W>): Promise<Survived> {
  const history = new History()
  const machine = createTestMachine({ startAt })
  const store = history.recorded(createMemoryStore({ now: () => machine.scheduler.now() }))
  const told = await drive(createWorld(), store, machine)
  const logs = await allLogs(store)
  const count = history.writes.length
  let crashes = 0
  for (let position = 1; position < count; position += step(count)) {
    const written = history.writes.slice(0, position)
    const lastAt = Math.max(startAt, ...written.map((write) => (write.kind === 'append' ? write.event.at : 0)))
    const again = createTestMachine({ startAt: lastAt })
    const left = await history.storeAfter(position, () => again.scheduler.now())
    const prefix = await allLogs(left)
    const world = createWorld()
    const toldAgain = await drive(world, left, again)
    crashes++
    const where = `crash after write ${position} of ${count}`
    if (toldAgain !== told) throw new Error(`${where}: ${toldAgain} instead of ${told}`)
    checkKept(prefix, await allLogs(left), where)
    checkNotRepeated(prefix, world, where)
  }
  return { crashes, told, logs }
}

function checkKept(
  prefix: ReadonlyMap<RunId, readonly LogEvent[]>,
  logs: ReadonlyMap<RunId, readonly LogEvent[]>,
  where: string,
): void {
  for (const [id, events] of prefix) {
    const kept = logs.get(id)?.slice(0, events.length)
    if (JSON.stringify(kept) !== JSON.stringify(events)) throw new Error(`${where}: the log of ${id} was changed`)
  }
}

function checkNotRepeated(
  prefix: ReadonlyMap<RunId, readonly LogEvent[]>,
  { effects }: CrashedWorld,
  where: string,
): void {
  for (const [id, events] of prefix) {
    for (const event of events) {
      const key = event.type === 'step.completed' ? `${id}/${event.data.number}` : undefined
      if (key !== undefined && effects.includes(key)) throw new Error(`${where}: ${key} was done again`)
    }
  }
}
