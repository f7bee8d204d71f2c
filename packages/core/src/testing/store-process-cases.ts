import type { Store } from '../store/store.ts'
import { check, checkEqual } from './check.ts'
import { processNote, processRun, processScope, type StoreProcessRole } from './store-process.ts'

/** A process that was started with {@link StoreProcessContext.start}. */
export interface StoreProcess {
  /** What it said so far. */
  readonly lines: readonly string[]
  /** Resolves when it has said so many lines. */
  said(count: number): Promise<void>
  /** Kills it, so that it can say goodbye to nobody, and resolves when it is gone. */
  kill(): Promise<void>
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>
}

/** What a case is given. The harness ends what the case left running, and removes the data. */
export interface StoreProcessContext {
  /** A handle on the data of this case. */
  open(): Promise<Store>
  /** Starts a process on the data of this case that runs `runStoreProcess`. */
  start(role: StoreProcessRole, name: string): StoreProcess
}

/** One behaviour of a store that several processes have open. Fails by throwing; runs under any test runner. */
export interface StoreProcessCase {
  readonly name: string
  run(context: StoreProcessContext): Promise<void>
}

/** What every store that processes share must show, with real processes. */
export const storeProcessCases: readonly StoreProcessCase[] = [
  {
    name: 'everything acknowledged survives kill -9 of three writing processes',
    run: async ({ open, start }) => {
      const writers = ['a', 'b', 'c'].map((name) => start('write', name))
      await Promise.all(writers.map((writer) => writer.said(300)))
      await Promise.all(writers.map((writer) => writer.kill()))
      const store = await open()
      for (const writer of writers) await checkLogs(store, writer.lines)
      checkEqual((await store.log.runs(processScope)).length, 30, 'the number of runs')
    },
  },
  {
    name: 'processes share runs and claim none twice',
    run: async ({ open, start }) => {
      const store = await open()
      const ids = Array.from({ length: 200 }, (_, index) => `run-${index}`)
      await Promise.all(ids.map((runId) => store.log.create(processScope, processRun(runId), [processNote('created')])))
      const claimers = ['a', 'b', 'c', 'd'].map((name) => start('claim', name))
      await Promise.all(claimers.map((claimer) => claimer.ended))
      const claimed = claimers.flatMap((claimer) => claimer.lines.map((line) => line.split(' ')[0] ?? ''))
      checkEqual(claimed.toSorted(), ids.toSorted(), 'what was claimed')
      const statuses = new Set((await store.log.runs(processScope)).map((run) => `${run.status} ${run.lastSeq}`))
      checkEqual([...statuses], ['completed 3'], 'what became of the runs')
    },
  },
  {
    name: 'an open store lets the process end, but not before its writes are durable',
    run: async ({ open, start }) => {
      checkEqual(await start('idle', 'late').ended, 0, 'the exit code')
      const store = await open()
      checkEqual((await store.log.read(processScope, 'late')).length, 1, 'the number of events')
    },
  },
  {
    name: 'a follower hears of the writes of another process',
    run: async ({ open, start }) => {
      const store = await open()
      const writer = start('write', 'w')
      await writer.said(50)
      const seen: number[] = []
      for await (const event of store.log.follow(processScope, 'w-0', {})) {
        seen.push(event.seq)
        if (seen.length === 1_200) break
      }
      await writer.kill()
      checkEqual(
        seen,
        seen.map((_, index) => index + 1),
        'the numbers of the events',
      )
    },
  },
  {
    name: 'processes that spend from one hard limit never exceed it, and one that dies leaves only what was under way',
    run: async ({ open, start }) => {
      const [victim, ...others] = [start('spend', 'a'), start('spend', 'b'), start('spend', 'c')] as const
      await victim.said(100)
      await victim.kill()
      await Promise.all(others.map((one) => one.ended))
      const store = await open()
      const [settled, reserved] = await balanceOf(store)
      const left = await store.money.reservations(processScope)
      check(settled + reserved <= 100_000n, 'the limit was exceeded')
      checkEqual(Number(reserved), left.length * 37, 'what is set aside')
      check(left.length <= 20 && left.every(({ id }) => id.startsWith('a/')), 'more is open than was under way')
      // Nothing acknowledged is missing, and what is left is less than one call.
      const ids = new Set((await store.money.ledger(processScope, { limit: 10_000 })).map(({ id }) => id))
      const said = [victim, ...others].flatMap(({ lines }) => lines.map((line) => line.split(' ')[0] ?? ''))
      check(
        said.every((id) => ids.has(id)),
        'a line that was acknowledged is missing',
      )
      check(
        others.every(({ lines }) => lines.length > 0),
        'one of the others spent nothing',
      )
      checkEqual(await sumOfLedger(store), String(settled), 'the sum of the ledger')
      check(settled + reserved > 100_000n - 37n, 'something is left')
      checkEqual((await store.money.sweep(2)).length, left.length, 'what was swept')
      const [swept, none] = await balanceOf(store)
      check(none === 0n && swept <= 100_000n, 'the balance after the sweep')
      const [total] = await store.money.report(processScope, { by: 'total' })
      checkEqual(total?.picoDollars ?? '0', await sumOfLedger(store), 'the sum of the report')
    },
  },
]

async function checkLogs(store: Store, lines: readonly string[]): Promise<void> {
  const last = new Map(lines.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]))
  for (const [runId, seq] of last) {
    const events = await store.log.read(processScope, runId)
    check(events.length >= seq, `${runId} has ${events.length} events, and ${seq} were acknowledged`)
    checkEqual(
      events.map((event) => [event.seq, event.data]),
      events.map((_, index) => [index + 1, { message: String(index + 1) }]),
      `the log of ${runId}`,
    )
  }
}

async function balanceOf(store: Store): Promise<readonly [settled: bigint, reserved: bigint]> {
  const [hard] = await store.money.balances(['hard'])
  return [BigInt(hard?.settled ?? 0), BigInt(hard?.reserved ?? 0)]
}

async function sumOfLedger(store: Store): Promise<string> {
  const lines = await store.money.ledger(processScope, { limit: 10_000 })
  return String(lines.reduce((sum, { entry }) => sum + BigInt(entry.cost.picoDollars ?? '0'), 0n))
}
