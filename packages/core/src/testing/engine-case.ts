import { MeepoError } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import { anySchema, type Schema } from '../base/schema.ts'
import type { Engine, RunHandle, StartOptions } from '../engine/engine.ts'
import type { EventType, LogEvent } from '../log/events.ts'
import type { Models } from '../model/model.ts'
import type { RunContext } from '../run/context.ts'
import type { AnyDefinition, Definition } from '../run/definition.ts'
import type { RunRecord } from '../run/record.ts'
import { noRetry, type RetryPolicy } from '../run/retry.ts'
import type { Store } from '../store/store.ts'
import { check } from './check.ts'

/** How a case wants its engine. */
export interface EngineCaseOptions {
  readonly definitions?: readonly AnyDefinition[]
  /** How long a waiting run stays in memory; 0 unless said: it is evicted at once. */
  readonly idleMs?: number
  readonly concurrency?: number
  readonly models?: Models
}

/** An engine that works on the data of the case. */
export interface EngineUnderTest {
  readonly engine: Engine
  /** Ends the engine as a kill would: what is not durable is lost, and nobody says goodbye. */
  crash(): void
}

/** What a case is given. The harness stops engines that the case left open, and removes the data. */
export interface EngineCaseContext {
  /** The store under the engines, for looking at it. */
  readonly store: Store
  /** Answers `GET` with a text; for awaiting what is not a task. */
  readonly url: string
  /** Imports a module that was never imported before, and that waits for a timer before it is there. */
  load(): Promise<unknown>
  /** Starts an engine on the data of this case: the first one, another, or one after a crash. */
  open(options?: EngineCaseOptions): Promise<EngineUnderTest>
  /** Lets time pass until the promise is settled, and answers with it. */
  until<T>(promise: Promise<T>): Promise<T>
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>
  now(): number
}

/** One behaviour that every engine shows. Fails by throwing; runs under any test runner. */
export interface EngineCase {
  readonly name: string
  run(context: EngineCaseContext): Promise<void>
}

/** A step that may be repeated. */
export const read: { readonly effect: 'read'; readonly retry: RetryPolicy } = { effect: 'read', retry: noRetry }
/** A step that must not be repeated. */
export const once: { readonly effect: 'once'; readonly retry: RetryPolicy } = { effect: 'once', retry: noRetry }
/** Two tries with a short wait between them. */
export const twice = { maxAttempts: 2, initialMs: 10, factor: 1, maxMs: 10 } as const

/** A definition of plain code. */
export function code<I = unknown, O = unknown>(
  name: string,
  run: (ctx: RunContext, input: I) => Promise<O>,
  change: Partial<Omit<Definition<I, O>, 'name' | 'run'>> = {},
): Definition<I, O> {
  // The case says what its input is.
  return { name, version: '1', input: anySchema as Schema<I>, ...change, run }
}

/** A definition as engines register it: they only call it with what its own schema accepts. */
export function known<I, O>(definition: Definition<I, O>): AnyDefinition {
  return definition as unknown as AnyDefinition
}

/** Opens one engine, runs one definition in it to its end, and answers with the record. */
export async function runOnce<I, O>(
  context: EngineCaseContext,
  definition: Definition<I, O>,
  options: StartOptions & { readonly input?: unknown } = {},
): Promise<RunRecord<O>> {
  const { engine } = await context.open({ definitions: [known(definition)] })
  const handle = await begin(context, engine, definition, options)
  return context.until(handle.result())
}

/** Starts a run. */
export function begin<I, O>(
  context: EngineCaseContext,
  engine: Engine,
  definition: Definition<I, O>,
  options: StartOptions & { readonly input?: unknown } = {},
): Promise<RunHandle<O>> {
  const { input = null, ...rest } = options
  return context.until(engine.start<unknown, O>(known(definition) as Definition<unknown, O>, input, rest))
}

/** The durable log of a run. */
export function logOf(context: EngineCaseContext, runId: RunId): Promise<readonly LogEvent[]> {
  return context.store.log.read('system', runId)
}

/** The types of events, in order. */
export function typesOf(events: readonly LogEvent[]): readonly EventType[] {
  return events.map(({ type }) => type)
}

/** The events of one type. */
export function eventsOf<T extends EventType>(
  events: readonly LogEvent[],
  type: T,
): readonly Extract<LogEvent, { type: T }>[] {
  return events.filter((event): event is Extract<LogEvent, { type: T }> => event.type === type)
}

/** Lets time pass until the condition holds. */
export async function eventually(
  context: EngineCaseContext,
  what: string,
  isSo: () => Promise<boolean> | boolean,
): Promise<void> {
  for (let round = 0; round < 400; round++) {
    if (await isSo()) return
    await context.pass(round < 20 ? 2 : 25)
  }
  throw new Error(`it never came to be that ${what}`)
}

/** Lets time pass until the log of a run holds an event of the type. */
export function untilLogged(context: EngineCaseContext, runId: RunId, type: EventType, count = 1): Promise<void> {
  return eventually(
    context,
    `${runId} has ${count} of ${type}`,
    async () => eventsOf(await logOf(context, runId), type).length >= count,
  )
}

/** Lets time pass until the run has left the memory of its engine and waits. */
export function untilWaiting(context: EngineCaseContext, runId: RunId): Promise<void> {
  return eventually(
    context,
    `${runId} waits`,
    async () => (await context.store.log.run('system', runId)).status === 'waiting',
  )
}

/** The code of whatever the promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (thrown) {
    return MeepoError.is(thrown) ? thrown.code : String(thrown)
  }
  return 'nothing'
}

/** Throws unless the run succeeded with this result. */
export function checkDone<O>(record: RunRecord<O>, what: string): O | undefined {
  check(record.success, `${what}: the run is ${record.status}: ${record.error?.code} ${record.error?.message}`)
  return record.result
}

/** Something a test opens later: a promise and its way out. */
export function gate<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  const { promise, resolve } = Promise.withResolvers<T>()
  return { opened: promise, open: resolve }
}
