import { createMeepo, parseDollars } from 'meepo'
import type { Definition, Meepo, RunHandle, RunRecord } from 'meepo'

import { loadCompany } from '../data/load-company.ts'
import { bindMonthEnd } from '../platform/month-end.ts'
import type { MonthEndInput, MonthEndResult } from '../platform/month-end.ts'
import type { Watch } from '../platform/watch.ts'
import { offlineLabel, offlineWiring } from './choose-model.ts'
import type { ModelChoice, ModelWiring } from './choose-model.ts'
import { readCosts } from './costs.ts'
import type { MonthCosts } from './costs.ts'
import { lookInto } from './demo-config.ts'
import type { DemoOptions } from './options.ts'
import { Progress } from './progress.ts'
import { showProgress } from './screen.ts'
import { startSimulator } from './simulator-process.ts'
import type { Invoice } from './simulator-process.ts'
import { databaseIn, openFolder, prepareState, writeConfig } from './state-folder.ts'
import type { Interrupted } from './state-folder.ts'

/** What a demo leaves on the screen. */
export interface DemoOutcome {
  readonly record: RunRecord<MonthEndResult>
  readonly out: string
  readonly model: string
  readonly peak: number
  readonly tokens: number
  readonly seconds: number
  readonly costs: MonthCosts
  /** Pico-dollars that were paid since this start. */
  readonly paidNow: string
  /** What the scripted model charged since this start. */
  readonly invoice?: Invoice
}

/** What surrounds a demo. */
export interface DemoSurroundings {
  readonly model: ModelChoice
  /** A scripted model that listens already. */
  readonly offlineUrl?: string
  readonly watch?: Watch
  readonly fetch?: typeof globalThis.fetch
  /** Told to people as it happens. Must not throw. */
  readonly tell: (line: string) => void
  /** Leaves the run interrupted, ready to go on. */
  readonly signal: AbortSignal
}

/**
 * A dead process is noticed after 5 beats. The demo is the only process on its database, so nobody is taken for dead wrongly:
 * an interrupted run goes on after a second instead of five.
 */
const pulse = { beatMs: 200, missedBeats: 5 }

/**
 * Loads the company, runs the month-end, or lets an interrupted one go on, and waits for its end. Undefined when the signal
 * came first: the run is then interrupted and nothing is lost.
 */
export async function runDemo(options: DemoOptions, around: DemoSurroundings): Promise<DemoOutcome | undefined> {
  const startedAt = performance.now()
  const company = loadCompany(options.data)
  try {
    const interrupted = await prepareState(options, company)
    const out = interrupted?.out ?? options.out
    openFolder(out)
    writeConfig(options, out)
    const label = around.model.kind === 'offline' ? offlineLabel : around.model.label
    around.tell(`model: ${label}`)
    if (interrupted !== undefined)
      around.tell(`going on with the ${interrupted.hasEnded ? 'stopped' : 'interrupted'} run ${interrupted.runId}`)
    await using simulator =
      around.model.kind === 'offline' && around.offlineUrl === undefined ? await startSimulator() : undefined
    const url = around.offlineUrl ?? simulator?.url
    const wiring: ModelWiring = around.model.kind === 'real' ? around.model.wiring : offlineWiring(url ?? '')

    const lookAtRuns = lookInto(options.state)
    const monthEnd = bindMonthEnd({ company, out, lookAtRuns, ...(around.watch ? { watch: around.watch } : {}) })
    const meepo = await createMeepo({
      store: databaseIn(options.state),
      ...wiring,
      ...pulse,
      ...(around.fetch ? { fetch: around.fetch } : {}),
    })
    const progress = new Progress()
    const watching = new AbortController()
    const following = follow(meepo, progress, watching.signal)
    const screen = showProgress(progress, startedAt)
    try {
      meepo.engine.register(monthEnd)
      const before = interrupted && (await readCosts(meepo, interrupted.runId))
      const handle = await begin(meepo, monthEnd, {
        options,
        interrupted,
        input: { data: company.fingerprint, out, model: label },
      })
      await handle.result({ signal: around.signal }).catch((thrown: unknown) => {
        if (!around.signal.aborted) throw thrown
      })
      if (around.signal.aborted) return undefined
      // The handle of a resumed run does not know the definition; it is the same one.
      const record = (await handle.record()) as RunRecord<MonthEndResult>
      watching.abort()
      await following
      const seconds = (performance.now() - startedAt) / 1000
      const costs = await readCosts(meepo, record.runId)
      const paidNow = (BigInt(costs.picoDollars) - BigInt(before?.picoDollars ?? 0)).toString()
      const { peak, total } = progress
      const invoice = await simulator?.invoice()
      const outcome = { record, out, model: label, peak, tokens: total.tokens, seconds, costs, paidNow }
      return { ...outcome, ...(invoice ? { invoice } : {}) }
    } finally {
      watching.abort()
      screen.stop()
      await meepo.stop({ graceMs: 2_000 })
      await following
    }
  } finally {
    company.db.close()
  }
}

interface Beginning {
  readonly options: DemoOptions
  readonly interrupted: Interrupted | undefined
  readonly input: MonthEndInput
}

/** Few agents at a time where money may run out, see {@link MonthEndInput.atOnce}. */
const fewAtOnce = 16

async function begin(
  meepo: Meepo,
  monthEnd: Definition<MonthEndInput, MonthEndResult>,
  { options: { budget }, interrupted, input }: Beginning,
): Promise<RunHandle<unknown>> {
  if (interrupted !== undefined) {
    const limits = budget === undefined ? {} : { picoDollars: parseDollars(budget).toString() }
    return await meepo.engine.resume(interrupted.runId, limits)
  }
  if (budget === undefined) return await meepo.start(monthEnd, input)
  return await meepo.start(monthEnd, { ...input, atOnce: fewAtOnce }, { budget })
}

async function follow(meepo: Meepo, progress: Progress, signal: AbortSignal): Promise<void> {
  for await (const event of meepo.store.log.followAll('system', { signal })) progress.add(event)
}
