import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createMeepo, MeepoError } from 'meepo'
import type { Costs, Definition, Meepo, RunRecord, RunSummary } from 'meepo'
import { createSimulator } from '@meepo/simulator'
import type { SimulatorOptions } from '@meepo/simulator'

import { invoicePrices, offlineWiring } from './choose-model.ts'
import type { ModelChoice } from './choose-model.ts'
import { ExampleError } from './example-error.ts'
import { Progress } from './progress.ts'
import type { Told } from './progress.ts'
import { Screen } from './screen.ts'

/** One run of an example. */
export interface ExampleRun<I, O> {
  readonly definition: Definition<I, O>
  readonly input: I
  /** The same words are the same run: it goes on, or, when it has ended, answers without a call. */
  readonly identity: readonly string[]
  /**
   * What the same words do when their run has failed: begin another one, unless said, or go on with it as far as it can be. A run
   * that changes the world goes on: another one would not know what was done.
   */
  readonly afterFailure?: 'anew' | 'resume'
  /** Holds the database. */
  readonly state: string
  readonly model: ModelChoice
  /** What the scripted model says. */
  readonly script: NonNullable<SimulatorOptions['script']>
  /** How long the scripted model takes; 20 to 60 ms unless said. */
  readonly latency?: SimulatorOptions['latency']
  /** Looks at each event of this run. Must not throw. */
  readonly watch?: (told: Told, meepo: Meepo) => void
  /** Leaves the run as it is, ready to go on. */
  readonly signal?: AbortSignal
}

/** How a run ended, and what it cost. */
export interface ExampleEnd<O> {
  readonly record: RunRecord<O>
  readonly seconds: number
  /** It had ended before: nothing was done now. */
  readonly isOld: boolean
  readonly progress: Progress
  /** By agent, the dearest first. */
  readonly costs: Awaited<ReturnType<Costs['report']>>
  /** Pico-dollars that were paid since this start, as text. */
  readonly paidNow: string
  /** What the scripted model charged since this start. */
  readonly invoice?: { readonly amountPico: string }
}

/** A dead process is noticed after a second: nobody else works on the database of an example. */
const pulse = { beatMs: 200, missedBeats: 5 }

/**
 * Runs a definition to its end with progress on stderr. Rejects when the signal comes first: nothing that was done is lost.
 */
export async function runExample<I, O>(run: ExampleRun<I, O>): Promise<ExampleEnd<O>> {
  const startedAt = performance.now()
  process.stderr.write(`model: ${run.model.label}\n`)
  openFolder(run.state)
  const { script, latency = { headersMs: 20, jitterMs: 40 } } = run
  await using closing = new AsyncDisposableStack()
  const isOffline = run.model.kind === 'offline'
  const offline = isOffline ? await createSimulator({ script, latency, prices: invoicePrices }) : undefined
  closing.defer(() => offline?.close())
  const wiring = run.model.kind === 'real' ? run.model.wiring : offlineWiring(offline?.url ?? '')
  const meepo = await createMeepo({ store: join(run.state, 'meepo.db'), ...wiring, ...pulse })
  closing.defer(() => meepo.stop({ graceMs: 2_000 }))

  const { runId, before } = await findRun(meepo, run)
  const paidBefore = await paid(meepo, runId)
  const progress = new Progress(runId)
  const screen = new Screen(progress, startedAt)
  const watching = new AbortController()
  const following = follow(meepo, { run, progress, screen, signal: watching.signal })
  closing.defer(async () => {
    watching.abort()
    await following
    screen.stop()
  })
  meepo.engine.register(run.definition)
  if (hasFailed(before)) await meepo.engine.resume(runId)
  const handle = await meepo.start(run.definition, run.input, { runId })
  const record = await handle.result(run.signal ? { signal: run.signal } : {})
  const costs = await meepo.costs.report({ by: 'agent', scope: `run:${runId}` })
  const paidNow = String((await paid(meepo, runId)) - paidBefore)
  const seconds = (performance.now() - startedAt) / 1000
  const amountPico = offline?.journal.totals().amountPico
  const end = { record, seconds, isOld: before === 'completed', progress, costs, paidNow }
  return amountPico === undefined ? end : { ...end, invoice: { amountPico } }
}

function openFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ExampleError('example.folder', message, 'Start from a folder that can be written.', cause)
  }
}

/** The run of these words, and how it stood; of those that failed the one behind the last. */
async function findRun(
  meepo: Meepo,
  { model, identity, afterFailure }: Pick<ExampleRun<unknown, unknown>, 'model' | 'identity' | 'afterFailure'>,
): Promise<{ readonly runId: string; readonly before: Status | undefined }> {
  for (let failures = 0; ; failures++) {
    const words = JSON.stringify([model.label, failures, ...identity])
    const runId = `r${createHash('sha256').update(words).digest('hex').slice(0, 20)}`
    const before = await statusOf(meepo, runId)
    if (!hasFailed(before) || afterFailure === 'resume') return { runId, before }
  }
}

type Status = RunSummary['status']

function hasFailed(status: Status | undefined): boolean {
  return status === 'failed' || status === 'cancelled'
}

async function statusOf(meepo: Meepo, runId: string): Promise<Status | undefined> {
  try {
    return (await meepo.store.log.run('system', runId)).status
  } catch (thrown) {
    if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return undefined
    throw thrown
  }
}

async function paid({ costs }: Meepo, runId: string): Promise<bigint> {
  return BigInt((await costs.forRun(runId)).picoDollars)
}

interface Following {
  readonly run: { readonly watch?: ExampleRun<unknown, unknown>['watch'] }
  readonly progress: Progress
  readonly screen: Screen
  readonly signal: AbortSignal
}

async function follow(meepo: Meepo, { run, progress, screen, signal }: Following): Promise<void> {
  const since = Date.now()
  for await (const told of meepo.store.log.followAll('system', { signal })) {
    if (!progress.add(told)) continue
    // The log begins with what an earlier process has told.
    if (told.event.type === 'progress.reported' && told.event.at >= since) tell(told.event.data, screen)
    run.watch?.(told, meepo)
  }
}

/** Who speaks now and whom a run waits for; how fast tools were is told to those who ask for it. */
function tell({ message, details = {} }: { message?: string; details?: object }, screen: Screen): void {
  if (message !== undefined && ('handoff' in details || 'signal' in details)) screen.say(`  ${message}`)
}
