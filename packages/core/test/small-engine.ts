// Real drivers on a clock that stands still: a run with its children, its whole log, and the same again from any moment
// of it. Durability of stores and engines is their own business; this is for what is built on RunContext.

import type { Json } from '../src/base/json.ts'
import type { RunHost } from '../src/run/host.ts'
import type { LogEvent, NewEvent, RunLimits } from '../src/log/events.ts'
import { isTerminal } from '../src/log/events.ts'
import type { AnyDefinition, Definition } from '../src/run/definition.ts'
import { RunDriver } from '../src/run/driver.ts'
import { foldRecord } from '../src/run/record-fold.ts'
import type { RunRecord } from '../src/run/record.ts'
import { readRecording } from '../src/run/recording.ts'
import { createToolRuntime } from '../src/tool/runtime.ts'
import { createTestMachine, type TestMachine } from '../src/testing/test-machine.ts'

/** One event of one run, in the order in which all were written. */
export interface Write {
  readonly runId: string
  readonly event: NewEvent
  /** The child's place in its parent, of a child's first event. */
  readonly definition?: AnyDefinition
  readonly parent?: string
}

interface Live {
  readonly definition: AnyDefinition
  readonly parent: string | undefined
  readonly events: NewEvent[]
  driver: RunDriver | undefined
}

/** Runs on a fake clock. `root` is the run that a test began. */
export class SmallEngine {
  readonly machine: TestMachine
  readonly writes: Write[] = []
  readonly #runs = new Map<string, Live>()
  #mails = 0

  constructor(startAt = 0) {
    this.machine = createTestMachine({ startAt })
  }

  /** Begins a run called `root`, or goes on after a crash: `writes` is what was durable. */
  static start<I, O>(definition: Definition<I, O>, input: I, writes: readonly Write[] = []): SmallEngine {
    const engine = new SmallEngine(writes.at(-1)?.event.at)
    if (writes.length === 0) engine.#create('root', definition as unknown as AnyDefinition, input as Json, undefined)
    else engine.#restore(definition as unknown as AnyDefinition, writes)
    return engine
  }

  signal(name: string, value: Json, id = `m${this.#mails++}`): void {
    this.#driver('root')?.mail([{ id, kind: 'signal', name, data: value }])
  }

  cancel(reason: string): void {
    this.#driver('root')?.mail([{ id: `m${this.#mails++}`, kind: 'cancel', data: { source: 'caller', reason } }])
  }

  /** Lets everything happen that happens by itself, and `ms` pass. */
  async run(ms = 0): Promise<void> {
    await this.machine.scheduler.advance(ms)
  }

  /** Until the run has ended; a run that waits for ever is an error of the test. */
  async result(): Promise<RunRecord> {
    for (let hours = 0; hours < 1_000; hours++) {
      if (this.isOver) return this.record()
      await this.run(hours === 0 ? 0 : 60_000)
    }
    throw new Error(
      `the run does not end: ${this.log()
        .map((event) => JSON.stringify(event))
        .join('\n')}`,
    )
  }

  get isOver(): boolean {
    const last = this.#runs.get('root')?.events.at(-1)
    return last !== undefined && isTerminal(last)
  }

  record(): RunRecord {
    return foldRecord('root', this.log())
  }

  log(runId = 'root'): readonly NewEvent[] {
    return this.#runs.get(runId)?.events ?? []
  }

  /** The log, short: `step a`, `child b`, `done a`, `sleep`, `signal s`, `cancelled a`. */
  story(): readonly string[] {
    const names = new Map<number, string>()
    return this.log().flatMap((event) => {
      const number = 'number' in event.data ? event.data.number : 0
      switch (event.type) {
        case 'step.started':
          names.set(number, event.data.name)
          return [`step ${event.data.name}`]
        case 'child.started':
          names.set(number, event.data.childId)
          return [`child ${event.data.childId}`]
        case 'signal.awaited':
          names.set(number, event.data.name)
          return [`signal ${event.data.name}`]
        case 'sleep.started':
          names.set(number, 'sleep')
          return ['sleep']
        case 'step.completed':
        case 'child.completed':
        case 'signal.completed':
        case 'sleep.completed':
          return [`done ${names.get(number)}`]
        case 'step.failed':
        case 'child.failed':
          return [`failed ${names.get(number)}`]
        case 'task.cancelled':
          return [`cancelled ${names.get(number)}`]
        default:
          return []
      }
    })
  }

  runIds(): readonly string[] {
    return [...this.#runs.keys()]
  }

  #driver(runId: string): RunDriver | undefined {
    return this.#runs.get(runId)?.driver
  }

  #create(runId: string, definition: AnyDefinition, input: Json, parent: string | undefined, limits?: RunLimits): void {
    if (this.#runs.has(runId)) return
    this.#runs.set(runId, { definition, parent, events: [], driver: undefined })
    const data = {
      definition: definition.name,
      version: definition.version,
      input: { value: input },
      tenant: 't',
      sessionId: 's',
      limits: limits ?? { activeMs: 3_600_000 },
      priority: 0,
    }
    this.#write(runId, { type: 'run.created', at: this.machine.scheduler.now(), data })
    this.#drive(runId)
  }

  #write(runId: string, event: NewEvent): void {
    // Only runs that were created write.
    const { definition, parent, events } = this.#runs.get(runId)!
    // As a store would: nobody changes what is written.
    const written = structuredClone(event)
    events.push(written)
    this.writes.push({ runId, event: written, definition, ...(parent === undefined ? {} : { parent }) })
    if (parent !== undefined && isTerminal(written)) this.#tellParent(runId, parent, written)
  }

  #restore(root: AnyDefinition, writes: readonly Write[]): void {
    for (const write of writes) {
      const { runId, event, parent } = write
      if (!this.#runs.has(runId)) {
        const definition = runId === 'root' ? root : write.definition!
        this.#runs.set(runId, { definition, parent, events: [], driver: undefined })
      }
      this.#runs.get(runId)!.events.push(event)
      this.writes.push(write)
    }
    for (const [runId, { events }] of this.#runs) {
      const last = events.at(-1)
      if (last && !isTerminal(last)) this.#drive(runId)
    }
    for (const [runId, { events, parent }] of this.#runs) {
      const last = events.at(-1)
      if (last && parent !== undefined && isTerminal(last)) this.#tellParent(runId, parent, last)
    }
  }

  #tellParent(childRunId: string, parent: string, event: NewEvent): void {
    const outcome =
      event.type === 'run.completed'
        ? { kind: 'completed', result: event.data.result }
        : {
            kind: 'failed',
            error:
              event.type === 'run.failed'
                ? event.data.error
                : { code: 'run.cancelled', message: 'the child was cancelled', retryable: false },
          }
    // News are JSON.
    const data = { childRunId, outcome } as unknown as Json
    this.machine.scheduler.after(0, () =>
      this.#driver(parent)?.mail([{ id: `${childRunId}/end`, kind: 'child', data }]),
    )
  }

  #drive(runId: string): void {
    const live = this.#runs.get(runId)!
    // A seq makes a new event one of the log.
    const log = live.events.map((event, index) => ({ ...event, seq: index + 1 }) as LogEvent)
    live.driver = new RunDriver({
      runId,
      definition: live.definition,
      recording: readRecording(log),
      priority: 0,
      fetched: new Map(),
      host: this.#host(runId, live),
    })
    live.driver.start()
  }

  #host(runId: string, live: Live): RunHost {
    return {
      machine: this.machine,
      tenant: 't',
      tools: createToolRuntime({ scheduler: this.machine.scheduler }),
      models: { resolve: (name) => refuse(name) },
      append: (event) => this.#write(runId, event),
      discard: () => undefined,
      lastSeq: () => live.events.length,
      whenDurable: (then) => then(),
      putBlob: never,
      getBlob: never,
      startChild: (start) => this.#create(start.childRunId, start.definition, start.input, runId, start.limits),
      cancelChild: ({ childRunId }, reason) => {
        const child = this.#runs.get(childRunId)
        const last = child?.events.at(-1)
        if (last && isTerminal(last)) this.#tellParent(childRunId, runId, last)
        else child?.driver?.mail([{ id: `${childRunId}/cancel`, kind: 'cancel', data: { source: 'parent', reason } }])
      },
      preview: () => undefined,
      openCall: (event) => this.#write(runId, event),
      settleCall: (event) => this.#write(runId, event),
      callWaits: () => undefined,
      waiting: () => undefined,
      busy: () => undefined,
      end: (event) => this.#write(runId, event),
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}

function refuse(name: string): never {
  throw new Error(name)
}
