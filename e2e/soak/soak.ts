import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LedgerEntry, Store } from '@meepo/core'
import { createEmbeddedEngine } from '@meepo/engine-embedded'
import { readJournalFile, type JournalEntry } from '@meepo/simulator'
import { openSqliteStore } from '@meepo/store-sqlite'
import { compareBooks } from './audit/books.ts'
import { measureRates } from './audit/rates.ts'
import { leftovers } from './audit/leftovers.ts'
import { SoakProcess } from './processes.ts'
import { callsPerRun, poorBudget, tenants, type SoakSettings } from './settings.ts'
import { readWaits } from './waits.ts'
import { silentModel, soakAgent } from './workload.ts'

/** How large a soak is. */
export interface SoakOptions {
  readonly calls: number
  readonly kills: number
  readonly workers: number
  readonly seed: number
  readonly faults: number
  readonly tokensPerMinute: number
  readonly isKept?: boolean
  readonly onProgress?: (line: string) => void
}

/** What a soak found. */
export interface SoakResult {
  readonly problems: readonly string[]
  readonly figures: Readonly<Record<string, string | number>>
  readonly folder: string
}

const longestMs = 600_000

/** Runs agents of five tenants in several processes on one file, kills some of them, and compares the books with the invoice. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-soak-'))
  const { workers: count, seed, faults, tokensPerMinute } = options
  const runs = Math.ceil(options.calls / callsPerRun / (1 - (tenants['poor'] ?? 0) / 100))
  const base = { folder, database: join(folder, 'meepo.db'), journal: join(folder, 'invoice.jsonl'), seed, faults }
  const shared = { ...base, tokensPerMinute, concurrency: Math.ceil(runs / count) }
  const simulator = new SoakProcess('simulator-process.ts', { ...shared, modelUrl: '', worker: 0 })
  const settings: Omit<SoakSettings, 'worker'> = { ...shared, modelUrl: await simulator.ready() }
  const store = await openSqliteStore({ path: settings.database })
  await queueRuns(store, runs)
  const crew: SoakProcess[] = []
  const kills: number[] = []
  let sockets = 0
  let born = 0
  const hire = (): void => void crew.push(new SoakProcess('worker.ts', { ...settings, worker: ++born }))
  const begunAt = Date.now()
  try {
    while (crew.length < count) hire()
    await Promise.all(crew.map((worker) => worker.ready()))
    for (;;) {
      await delay(1_000)
      const open = await openRuns(store)
      const share = 1 - open / runs
      options.onProgress?.(`${runs - open} of ${runs} runs ended`)
      if (open === 0) break
      if (Date.now() - begunAt > longestMs) throw new Error(`${open} runs have not ended; see ${folder}`)
      if (
        kills.length < options.kills &&
        (await booked(store)) >= ((kills.length + 1) / (options.kills + 1)) * options.calls
      ) {
        const victim = crew.shift()
        if (!victim) continue
        sockets += victim.sockets
        kills.push(Date.now())
        await victim.kill()
        options.onProgress?.(`killed a worker after ${Math.round(share * 100)} % of the runs`)
        hire()
      }
    }
    await Promise.all(crew.map((worker) => worker.stop()))
    for (const worker of crew) sockets += worker.sockets
    const endedAt = Date.now()
    const provider = await simulator.report()
    const ledger = await wholeLedger(store)
    const invoice: readonly JournalEntry[] = readJournalFile(settings.journal)
    const books = compareBooks(ledger, invoice, kills)
    const rates = measureRates(invoice, readWaits(folder), tokensPerMinute)
    const left = await leftovers(store, invoice, poorBudget)
    const exceeded = provider.limits.filter(({ unit, refused }) => unit !== 'concurrency' && refused > 0)
    const seconds = (endedAt - begunAt) / 1_000
    return {
      folder,
      problems: [
        ...books.problems,
        ...left.problems,
        ...rates.problems,
        ...exceeded.map(({ unit, refused }) => `the provider refused ${refused} requests by its limit of ${unit}`),
        ...(books.unknown > 2 * (runs / count) * kills.length ? [`${books.unknown} lines are unknown`] : []),
      ],
      figures: {
        runs,
        requests: invoice.length,
        'requests billed': books.billed,
        'lines of the ledger': ledger.length,
        'lines marked unknown': books.unknown,
        'ledger, pico-dollars': String(books.ledgerPico),
        'invoice, pico-dollars': String(books.invoicePico),
        'reserved beyond the invoice for unknown lines': String(books.reservedForUnknownPico),
        ...left.figures,
        'used of the allowed tokens while calls waited': rates.usedShare.toFixed(3),
        'seconds in which calls waited': rates.seconds,
        ...Object.fromEntries(
          Object.entries(rates.shares).map(([name, part]) => [
            `share of ${name} while it waited (1 is fair)`,
            part.toFixed(3),
          ]),
        ),
        'connections opened per 10,000 calls': Math.round((sockets * 10_000) / invoice.length),
        'calls a second': Math.round(invoice.length / seconds),
        seconds,
      },
    }
  } finally {
    await Promise.all([...crew, simulator].map((one) => one.kill()))
    await store.close()
    if (options.isKept !== true) rmSync(folder, { recursive: true })
  }
}

/** All runs lie in the queue before the first worker starts: who gets room is decided by the limits alone. */
async function queueRuns(store: Store, runs: number): Promise<void> {
  const engine = createEmbeddedEngine({ store, concurrency: 1 })
  const agent = soakAgent(silentModel)
  const names = Object.entries(tenants).flatMap(([name, share]) => Array.from({ length: share }, () => name))
  for (let index = 0; index < runs; index++) {
    const tenant = names[(index * 37) % names.length] ?? 'greedy'
    const options = { runId: `soak-${index}`, tenant, sessionId: `s-${index % 50}`, isQueued: true }
    await engine.start(agent, `work ${index}`, options)
  }
  await engine.stop({ graceMs: 0 })
}

async function openRuns(store: Store): Promise<number> {
  return (await store.log.runs('system', { status: ['queued', 'running', 'waiting'], limit: 100_000 })).length
}

async function booked(store: Store): Promise<number> {
  const [row] = await store.money.report('system', { by: 'total' })
  return row?.calls ?? 0
}

async function wholeLedger(store: Store): Promise<readonly LedgerEntry[]> {
  const all: LedgerEntry[] = []
  for (let after = 0; ;) {
    const page = await store.money.ledger('system', { after, limit: 5_000 })
    all.push(...page)
    const last = page.at(-1)
    if (!last) return all
    after = last.cursor
  }
}
