import type { Json, LogEvent, RunId } from '@meepo/core'
import type { Command } from './commands.ts'
import type { Crew } from './crew.ts'
import { findEffect, hasDelivered } from './evidence.ts'
import type { Outages } from './outages.ts'
import type { SeenRun, Watch } from './watch.ts'
import { goSignal } from './workload.ts'

/** How much is kept in flight. */
const wantedOrders = 24
/** Starts at a time, when there is to be a crowd. */
const crowdStep = 10
/** Runs that do nothing but sleep. */
const wantedNaps = 12
const rootDefinitions: ReadonlySet<string> = new Set(['order', 'clerk', 'tour'])

interface Errand {
  readonly command: Command
  readonly dueAt: number
}

const order = (number: number) => ({ definition: 'order', input: { number } })
const clerk = (number: number) => ({ definition: 'clerk', input: `clerk ${number}` })
const nap = (number: number) => ({ definition: 'nap', input: { number } })
const shift = (number: number) => ({ definition: 'shift', input: { number } })
const tour = { definition: 'tour', input: { leg: 1 } }

/**
 * The world around the runs: keeps starting them, sends their signals (some before they wait, some after), cancels a
 * few, decides unknown steps by looking at what really happened, and asks for things that must be refused. Whatever
 * was not acknowledged is asked for again, under the same id.
 */
export class Pump {
  readonly #crew: Crew
  readonly #random: () => number
  readonly #folder: string
  readonly #outages: Outages
  #watch: Watch | undefined
  #errands: Errand[] = []
  #timer: NodeJS.Timeout | undefined
  #orders = 0
  #starting = 0
  #crowding = 0
  /** Signals that a worker said are durable. */
  readonly acknowledged: Map<RunId, Json> = new Map()
  /** Runs whose unknown steps are left to a person who never comes. */
  readonly left: Set<RunId> = new Set()
  readonly problems: string[] = []
  /** When requests were answered as they should. */
  readonly servedAt: number[] = []
  isStarting = true
  /** So many runs are to be in flight in all, for as long as this is more than the others are. */
  crowd = 0
  readonly #decided = new Set<string>()

  constructor(crew: Crew, folder: string, outages: Outages, random: () => number) {
    this.#crew = crew
    this.#folder = folder
    this.#outages = outages
    this.#random = random
  }

  begin(watch: Watch): void {
    this.#watch = watch
    this.#timer = setInterval(() => this.#beat(), 25)
  }

  end(): void {
    clearInterval(this.#timer)
  }

  /** Hears of every event. */
  readonly onEvent = (run: SeenRun, event: LogEvent): void => {
    if (event.type !== 'run.created' || run.parent !== undefined) return
    if (run.definition === 'order') {
      const value = { go: run.runId.slice(-6) }
      const command = {
        kind: 'signal',
        runId: run.runId,
        name: goSignal,
        value,
        deliveryId: `go/${run.runId}`,
      } as const
      this.#later(command, this.#random() * 1_800)
    }
    if (this.#random() < 0.03) this.#later({ kind: 'cancel', runId: run.runId }, this.#random() * 1_500)
    if (this.#random() < 0.03) this.left.add(run.runId)
  }

  get openRuns(): readonly SeenRun[] {
    return [...(this.#watch?.runs.values() ?? [])].filter((run) => !run.isEnded)
  }

  /** Runs that are there only for the crowd. */
  get crowdLeft(): number {
    return this.#crowding + this.openRuns.filter((run) => run.definition === 'shift').length
  }

  #later(command: Command, ms: number): void {
    this.#errands.push({ command, dueAt: Date.now() + ms })
  }

  #beat(): void {
    if (this.#crew.ready.length === 0) return
    const now = Date.now()
    const due = this.#errands.filter((errand) => errand.dueAt <= now)
    this.#errands = this.#errands.filter((errand) => errand.dueAt > now)
    for (const { command } of due) void this.#run(command)
    if (this.isStarting) this.#startOrders()
    this.#decide()
    if (this.#random() < 0.5) this.#nag()
  }

  async #run(command: Command): Promise<void> {
    const worker = this.#crew.pick()
    const askedAt = Date.now()
    const answer = await worker?.ask(command)
    if (command.kind === 'start') {
      if (command.definition === 'shift') this.#crowding--
      else this.#starting--
    }
    if (!answer) {
      // Who was told by the store that it is durable, and died before it could pass that on, has acknowledged it.
      if (command.kind === 'signal' && worker && hasDelivered(this.#folder, worker.worker, command.deliveryId)) {
        this.acknowledged.set(command.runId, command.value)
      } else if (command.kind !== 'start' && command.kind !== 'nag') this.#later(command, 100)
      return
    }
    if (answer.code === undefined) {
      this.servedAt.push(Date.now())
      if (command.kind === 'signal') this.acknowledged.set(command.runId, command.value)
      return
    }
    const isAway = this.#outages.covers(askedAt) || this.#outages.covers(Date.now())
    const isExpected =
      answer.code === 'run.ended' ||
      (answer.code === 'store.failed' && isAway) ||
      (command.kind === 'resolve' && answer.code === 'step.not_unknown') ||
      // A worker that was taken for dead finds out by being refused.
      (command.kind === 'start' && answer.code === 'store.fenced')
    if (!isExpected) this.problems.push(`${command.kind} was refused: ${answer.code} ${answer.message ?? ''}`)
    const isSettled = isExpected && answer.code !== 'store.failed'
    if (!isSettled && command.kind !== 'start' && command.kind !== 'nag') this.#later(command, 200)
  }

  #startOrders(): void {
    const open = this.openRuns.filter(
      (run) => run.parent === undefined && rootDefinitions.has(run.definition) && run.unknown.size === 0,
    )
    for (let count = open.length + this.#starting; count < wantedOrders; count++) {
      const number = ++this.#orders
      this.#start(number, number % 8 === 0 ? clerk(number) : number % 8 === 4 ? tour : order(number))
    }
    const naps = this.openRuns.filter((run) => run.definition === 'nap').length
    if (naps < wantedNaps) {
      const number = ++this.#orders
      this.#start(number, nap(number))
    }
    const missing = this.crowd - this.openRuns.length - this.#crowding
    for (let count = 0; count < Math.min(missing, crowdStep); count++) {
      const number = ++this.#orders
      this.#start(number, shift(number))
    }
  }

  #start(number: number, what: { readonly definition: string; readonly input: Json }): void {
    const how = (['fresh', 'named', 'queued'] as const)[number % 3] ?? 'fresh'
    if (what.definition === 'shift') this.#crowding++
    else this.#starting++
    void this.#run({ kind: 'start', ...what, how, runId: `run-${number}` })
  }

  /** People decide truthfully, when nobody can act any more behind their back. */
  #decide(): void {
    if (!this.#crew.isCalm) return
    for (const run of this.openRuns) {
      if (run.unknown.size === 0 || this.left.has(run.runId)) continue
      for (const step of run.unknown) {
        const announced = run.events.findLast(
          ({ event }) => event.type === 'step.unknown' && event.data.number === step,
        )
        // A reconcile gets its chance first.
        if (!announced || Date.now() - announced.seenAt < 800) continue
        const id = `${run.runId}/${step}/${announced.event.seq}`
        if (this.#decided.has(id)) continue
        this.#decided.add(id)
        const effect = findEffect(this.#folder, `${run.runId}/${step}`)
        const resolution =
          effect?.args === undefined
            ? ({ kind: 'not_done' } as const)
            : ({ kind: 'done', result: { args: effect.args } } as const)
        void this.#run({ kind: 'resolve', runId: run.runId, step, resolution })
      }
    }
  }

  #nag(): void {
    for (const runId of this.acknowledged.keys()) {
      if (this.#random() < 0.1 && this.#watch?.runs.get(runId)?.isEnded === false) {
        void this.#run({ kind: 'nag', runId })
        return
      }
    }
  }
}
