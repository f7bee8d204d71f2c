import { createInterface } from 'node:readline/promises'
import { approvalSignal } from 'meepo'
import type { Meepo } from 'meepo'
import type { ExampleRun } from 'meepo-example-kit'

type Told = Parameters<NonNullable<ExampleRun<unknown, unknown>['watch']>>[0]

/** Who decides: everybody gets the same answer, a person at the terminal, or nobody now. */
export type Decider = 'approve' | 'deny' | 'ask' | 'nobody'

/** A tool call that waits for a person. */
export interface Question {
  readonly runId: string
  readonly signal: string
  readonly what: string
}

/** Answers the approvals that runs wait for. Whatever nobody answers now can be answered later: the runs wait. */
export class Approvals {
  /** What nobody has answered yet. */
  readonly open: Map<string, Question> = new Map()
  readonly #decider: Decider
  readonly #open = new Map<string, OpenCalls>()
  readonly #questions = new Map<string, Question>()
  #queue: Promise<void> = Promise.resolve()
  #failure: Error | undefined
  readonly #onRest: () => void

  /** `onRest` is called when every run waits for a person, and nobody decides. May be called again. */
  constructor(decider: Decider, onRest: () => void) {
    this.#decider = decider
    this.#onRest = onRest
  }

  /** Looks at an event of the night. */
  readonly watch = ({ runId, event }: Told, meepo: Meepo): void => {
    if (event.type === 'progress.reported') this.#note(runId, event.data.details ?? {})
    if (event.type === 'signal.awaited') this.#await(runId, event.data.name, meepo)
    this.#count(runId, event)
    if (this.#decider === 'nobody' && this.#isAtRest()) this.#onRest()
  }

  /** Waits for answers under way; throws what kept one from being given. */
  async settled(): Promise<void> {
    await this.#queue
    if (this.#failure !== undefined) throw this.#failure
  }

  #note(runId: string, details: Readonly<Record<string, unknown>>): void {
    const { signal, arguments: args } = details
    if (typeof signal !== 'string') return
    this.#questions.set(`${runId}/${signal}`, { runId, signal, what: JSON.stringify(args) })
  }

  #await(runId: string, name: string, meepo: Meepo): void {
    const question = this.#questions.get(`${runId}/${name}`)
    if (question === undefined || !name.startsWith(approvalSignal(''))) return
    this.open.set(`${runId}/${name}`, question)
    if (this.#decider === 'nobody') return
    // One question at a time. The first failure is kept for whoever waits for the end.
    this.#queue = this.#queue
      .then(() => this.#answer(question, meepo))
      .catch((thrown: unknown) => {
        this.#failure ??= thrown instanceof Error ? thrown : new Error(String(thrown))
      })
  }

  async #answer(question: Question, meepo: Meepo): Promise<void> {
    const { runId, signal, what } = question
    // It may have been answered in an earlier life of this run.
    const events = await meepo.store.log.read('system', runId)
    if (events.some(({ type, data }) => type === 'signal.received' && 'name' in data && data.name === signal)) return
    const approved = this.#decider === 'ask' ? await askPerson(what) : this.#decider === 'approve'
    const reason = approved ? {} : { reason: 'the operator said no' }
    await meepo.engine.handle(runId).signal(signal, { approved, ...reason }, `operator-${signal}`)
  }

  #count(runId: string, event: Told['event']): void {
    const calls = this.#open.get(runId) ?? { steps: new Set(), signals: new Map(), children: new Set() }
    if (event.type === 'run.created') this.#open.set(runId, calls)
    if (event.type === 'run.completed' || event.type === 'run.failed' || event.type === 'run.cancelled') {
      this.#open.delete(runId)
    }
    if (!('number' in event.data)) return
    const { number } = event.data
    if (event.type === 'step.started') calls.steps.add(number)
    else if (event.type === 'child.started') calls.children.add(number)
    else if (event.type === 'signal.awaited') calls.signals.set(number, event.data.name)
    else if (/^(?:step|child|signal)\.(?:completed|failed|timed_out)$|^task\.cancelled$/.test(event.type)) {
      const name = calls.signals.get(number)
      if (name !== undefined) this.open.delete(`${runId}/${name}`)
      for (const each of [calls.steps, calls.signals, calls.children]) each.delete(number)
    }
  }

  /** Every run waits for a child or a person, and every child that was started has been seen. */
  #isAtRest(): boolean {
    const all = [...this.#open.values()]
    const children = all.reduce((sum, calls) => sum + calls.children.size, 0)
    return (
      this.open.size > 0 &&
      children === all.length - 1 &&
      all.every(({ steps, signals, children: below }) => steps.size === 0 && signals.size + below.size > 0)
    )
  }
}

interface OpenCalls {
  readonly steps: Set<number>
  readonly signals: Map<number, string>
  readonly children: Set<number>
}

async function askPerson(what: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await reader.question(`\nrun ${what}? [y/N] `)).trim())
  } finally {
    reader.close()
  }
}
