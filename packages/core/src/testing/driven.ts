// One driver in the hand of a test: its host keeps what the driver does, and the test says when the disk answers.

import { anySchema } from '../base/schema.ts'
import type { LogEvent, NewEvent } from '../log/events.ts'
import { createTestMachine, type TestMachine } from './test-machine.ts'
import type { RunContext } from '../run/context.ts'
import { define } from '../run/definition.ts'
import { RunDriver } from '../run/driver.ts'
import type { RunHost } from '../run/host.ts'
import { readRecording } from '../run/recording.ts'

/** How a test wants its driver. */
export interface DrivenOptions {
  /** What the log holds behind `run.created`. */
  readonly log?: readonly NewEvent[]
  readonly host?: Partial<RunHost>
}

/** A driver, and what it did. */
export interface Driven {
  readonly driver: RunDriver
  readonly scheduler: TestMachine['scheduler']
  /** What the driver appended, in order, with the last event of the run. */
  readonly events: readonly NewEvent[]
  /** Ids of mail that was taken out of the inbox unread. */
  readonly discarded: readonly string[]
  types(): readonly string[]
  last(): NewEvent | undefined
}

const created: NewEvent = {
  type: 'run.created',
  at: 0,
  data: {
    definition: 'd',
    version: '1',
    input: { value: null },
    tenant: 't',
    sessionId: 's',
    limits: { activeMs: 3_600_000 },
    priority: 0,
  },
}

/** Drives code until nothing is left to do at this moment. Undefined for code that nobody has. */
export async function drive(
  run: ((ctx: RunContext) => Promise<unknown>) | undefined,
  { log = [], host = {} }: DrivenOptions = {},
): Promise<Driven> {
  const machine = createTestMachine()
  const { scheduler } = machine
  const events: NewEvent[] = []
  const discarded: string[] = []
  // A seq makes a new event one of the log.
  const recorded = [created, ...log].map((event, index) => ({ ...event, seq: index + 1 }) as LogEvent)
  const driver = new RunDriver({
    runId: 'r',
    definition: run && define({ name: 'd', input: anySchema, run }),
    recording: readRecording(recorded),
    priority: 0,
    fetched: new Map(),
    host: {
      machine,
      tenant: 't',
      tools: { run: (tool) => Promise.reject(new Error(tool.name)) },
      models: {
        resolve: (name) => {
          throw new Error(name)
        },
      },
      append: (event) => void events.push(event),
      discard: (mailId) => void discarded.push(mailId),
      lastSeq: () => recorded.length + events.length,
      whenDurable: (then) => then(),
      putBlob: never,
      getBlob: never,
      startChild: () => undefined,
      cancelChild: () => undefined,
      preview: () => undefined,
      openCall: (event) => void events.push(event),
      settleCall: (event) => void events.push(event),
      callWaits: () => undefined,
      waiting: () => undefined,
      busy: () => undefined,
      end: (event) => void events.push(event),
      ...host,
    },
  })
  driver.start()
  await scheduler.settle()
  return {
    driver,
    scheduler,
    events,
    discarded,
    types: () => events.map((event) => event.type),
    last: () => events.at(-1),
  }
}

/** What does not come back. */
export const never = (): Promise<never> => new Promise(() => {})
