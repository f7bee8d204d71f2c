// Engine cases over a memory store on fake time, and over any store on real time.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, Script } from 'node:vm'
import type { Dispatcher, Machine, Store } from '@meepo/core'
import { createMemoryStore, createTestMachine, type EngineCaseContext } from '@meepo/core/testing'
import { createEmbeddedEngine, createNodeMachine, type EmbeddedEngine } from '../index.ts'
import { mortalDispatcher, mortalMachine, mortalStore, type Life } from './mortal.ts'

let loads = 0

/** A context, and its end. */
export interface Harness {
  readonly context: EngineCaseContext
  close(): Promise<void>
}

interface World {
  readonly store: Store
  readonly machine: Machine
  readonly beatMs: number
  /** Makes the dispatcher of one engine. Without: engines drive what they claim. */
  readonly dispatcher?: (() => Dispatcher) | undefined
  until<T>(promise: Promise<T>): Promise<T>
  pass(ms: number): Promise<void>
}

/** On time that stands still unless the case lets it pass. */
export async function fakeHarness(dispatchers?: (machine: Machine) => () => Dispatcher): Promise<Harness> {
  const machine = createTestMachine({ startAt: 1_700_000_000_000 })
  const { scheduler } = machine
  const store = createMemoryStore({ now: () => scheduler.now() })
  return harness({
    store,
    machine,
    dispatcher: dispatchers?.(machine),
    beatMs: 1_000,
    until: (promise) => scheduler.until(promise),
    pass: (ms) => scheduler.advance(ms),
  })
}

/** On the clock of this machine. */
export async function realHarness(store: Store, dispatcher?: () => Dispatcher): Promise<Harness> {
  return harness({
    store,
    dispatcher,
    machine: createNodeMachine(),
    beatMs: 20,
    until: (promise) => promise,
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  })
}

async function harness({ store, machine, beatMs, dispatcher, until, pass }: World): Promise<Harness> {
  const server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const lives: Life[] = []
  const engines: { engine: EmbeddedEngine; life: Life }[] = []
  const context: EngineCaseContext = {
    store,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    // Not a plain import: test runners put something else in its place. The module waits, because Node loads others
    // within microtasks, which a window cannot tell from the run's own.
    load: () => {
      const script = new Script(
        `import('data:text/javascript,await new Promise((go) => setTimeout(go, 1, ${++loads}))')`,
        {
          importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
        },
      )
      return script.runInThisContext() as Promise<unknown>
    },
    until,
    pass,
    now: () => machine.scheduler.now(),
    open: async ({ definitions = [], idleMs = 0, ...rest } = {}) => {
      const life: Life = { isDead: false }
      const carrier = dispatcher?.()
      const engine = createEmbeddedEngine({
        ...rest,
        ...(carrier ? { dispatcher: mortalDispatcher(carrier, life) } : {}),
        store: mortalStore(store, life),
        machine: mortalMachine(machine, life),
        idleMs,
        beatMs,
        missedBeats: 3,
      })
      engine.register(...definitions)
      lives.push(life)
      engines.push({ engine, life })
      await until(engine.begin())
      return {
        engine,
        crash: () => {
          life.isDead = true
          // The connections of a process that dies break.
          void carrier?.stop()
        },
      }
    },
  }
  return {
    context,
    close: async () => {
      const alive = engines.filter(({ life }) => !life.isDead)
      await until(Promise.all(alive.map(({ engine }) => engine.stop({ graceMs: 0, hardLimitMs: 0 }))))
      for (const life of lives) life.isDead = true
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
