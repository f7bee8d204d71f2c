// Runs a program without a crash, then again from what was durable at every moment, and compares.

import {
  canonicalJson,
  MeepoError,
  type Json,
  type LogEvent,
  type RunId,
  type Scheduler,
  type Store,
} from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { createEmbeddedEngine } from '../src/index.ts'
import { allLogs, History } from './history.ts'
import { interpret } from './interpreter.ts'
import { isConcurrent, isTimed, programDefinition, type Program, type SentSignal, type World } from './program.ts'

const startAt = 1_700_000_000_000

interface Scenario {
  readonly program: Program
  readonly signals: readonly SentSignal[]
}

interface Ran {
  readonly result: Json
  readonly logs: ReadonlyMap<RunId, readonly LogEvent[]>
}

interface Effect {
  readonly key: string
  readonly effect: string
  /** How many writes there were when it happened. */
  readonly after: number
}

/** Throws, telling which crash went wrong. Returns how many crashes were tried. */
export async function checkCrashes(
  scenario: Scenario,
  idleMs: number,
  pick: (positions: number) => readonly number[],
): Promise<number> {
  const history = new History()
  const effects: Effect[] = []
  const first = await drive(scenario, createStore, startAt, idleMs, history, effects, noEffects)
  const isFree = isTimed(scenario.program.ops, scenario.program)
  await compareWithInterpreter(scenario.program, first, 'without a crash')
  const positions = pick(history.writes.length)
  for (const position of positions) {
    const what = `crash after write ${position} of ${history.writes.length}`
    try {
      await crashAt(scenario, history, effects, position, first, isFree)
    } catch (thrown) {
      throw new Error(`${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, { cause: thrown })
    }
  }
  return positions.length
}

const noEffects: readonly Effect[] = []
const runId = 'root'
const createStore = (now: () => number): Promise<Store> => Promise.resolve(createMemoryStore({ now }))

async function crashAt(
  scenario: Scenario,
  history: History,
  effects: readonly Effect[],
  position: number,
  first: Ran,
  isFree: boolean,
): Promise<void> {
  const lastAt = Math.max(
    startAt,
    ...history.writes.slice(0, position).map((write) => (write.kind === 'append' ? write.event.at : 0)),
  )
  let prefix: ReadonlyMap<RunId, readonly LogEvent[]> = new Map()
  const open = async (now: () => number): Promise<Store> => {
    const store = await history.storeAfter(position, now)
    prefix = await allLogs(store)
    return store
  }
  const before = effects.filter(({ after }) => after <= position)
  const again: Effect[] = []
  const second = await drive(scenario, open, lastAt, 0, new History(), again, before)
  extend(prefix, second.logs)
  for (const log of second.logs.values()) checkLog(log)
  checkEffects(prefix, before, again)
  await compareWithInterpreter(scenario.program, second, 'after the crash')
  if (isFree) return
  same(second.result, first.result, 'the result')
  for (const [id, log] of first.logs) {
    same(shape(second.logs.get(id) ?? [], scenario), shape(log, scenario), `the steps of ${id}`)
  }
}

/**
 * Stops the engine in the middle, as a deployment does, and goes on with another. Throws when a step became unknown
 * that was given its time, or the end is another one.
 */
export async function checkDrain(scenario: Scenario, idleMs: number, stopAfterMs: number): Promise<void> {
  const isFree = isTimed(scenario.program.ops, scenario.program)
  const first = await drive(scenario, createStore, startAt, idleMs, new History(), [], noEffects)
  const effects: Effect[] = []
  const second = await drive(scenario, createStore, startAt, idleMs, new History(), effects, noEffects, stopAfterMs)
  for (const log of second.logs.values()) {
    checkLog(log)
    // Those that the program itself cancelled may be unknown.
    if (log.some(({ type, data }) => type === 'step.unknown' && data.error.code === 'step.unknown'))
      throw new Error('a step is unknown though its engine stopped in peace')
  }
  checkEffects(new Map(), [], effects)
  await compareWithInterpreter(scenario.program, second, 'after the stop')
  if (!isFree) same(second.result, first.result, 'the result')
}

async function drive(
  { program, signals }: Scenario,
  open: (now: () => number) => Promise<Store>,
  at: number,
  idleMs: number,
  history: History,
  effects: Effect[],
  before: readonly Effect[],
  stopAfterMs?: number,
): Promise<Ran> {
  const machine = createTestMachine({ startAt: at, seed: before === noEffects ? 'first' : 'second' })
  const { scheduler } = machine
  const written = history.recorded(await open(() => scheduler.now()))
  const store = stopAfterMs === undefined ? written : slowly(written, scheduler)
  const world: World = {
    body: async (key, effect, ms) => {
      effects.push({ key, effect, after: history.writes.length })
      if (ms > 0) await new Promise<void>((resolve) => scheduler.after(ms, resolve))
    },
    reconcile: (key) => [...before, ...effects].some((effect) => effect.key === key),
  }
  const definition = programDefinition(world)
  let engine = createEmbeddedEngine({ store, machine, idleMs })
  engine.register(definition as never)
  let handle = await engine.start(definition, program, { runId })
  for (const { name, atMs } of signals) {
    scheduler.after(atMs, () => {
      handle.signal(name, `value of ${name}`).catch((thrown: unknown) => {
        if (!MeepoError.is(thrown) || thrown.code !== 'run.ended') throw thrown
      })
    })
  }
  if (stopAfterMs !== undefined) {
    await scheduler.advance(stopAfterMs)
    await scheduler.until(engine.stop())
    engine = createEmbeddedEngine({ store, machine, idleMs })
    engine.register(definition as never)
    handle = await engine.start(definition, program, { runId })
  }
  const record = await scheduler.until(handle.result()).catch(async (thrown: unknown) => {
    throw new Error(`${String(thrown)}\n${await describe(store)}`, { cause: thrown })
  })
  await scheduler.until(engine.stop({ graceMs: 0, hardLimitMs: 0 }))
  if (!record.success) throw new Error(`the run is ${record.status}: ${record.error?.code} ${record.error?.message}`)
  const logs = await allLogs(store)
  for (const [id, log] of logs) {
    const last = log.at(-1)?.type
    if (last !== 'run.completed' && last !== 'run.cancelled' && last !== 'run.failed')
      throw new Error(`run ${id} never ended\n${await describe(store)}`)
  }
  return { result: record.result ?? null, logs }
}

/** A disk that takes a moment to confirm: tasks wait for it when the engine stops. */
function slowly(store: Store, scheduler: Scheduler): Store {
  const append: Store['log']['append'] = (scope, request) => {
    const appended = store.log.append(scope, request)
    return new Promise((resolve) => scheduler.after(1, () => resolve(appended)))
  }
  return { ...store, log: { ...store.log, append } }
}

async function describe(store: Store): Promise<string> {
  const lines: string[] = []
  for (const [id, log] of await allLogs(store)) {
    const { status } = await store.log.run('system', id)
    const mail = (await store.inbox.pending('system', id)).map(({ kind, name }) => `${kind} ${name ?? ''}`)
    lines.push(`${id} is ${status}, its inbox holds [${mail.join(', ')}]`)
    for (const { seq, at, type, data } of log.slice(1))
      lines.push(`  ${seq} ${at - startAt} ${type} ${canonicalJson(data)}`)
  }
  return lines.join('\n')
}

async function compareWithInterpreter(program: Program, { logs, result }: Ran, what: string): Promise<void> {
  same(result, await interpret(program, logs.get(runId) ?? []), `what the log says ${what}`)
}

function extend(prefix: ReadonlyMap<RunId, readonly LogEvent[]>, logs: ReadonlyMap<RunId, readonly LogEvent[]>): void {
  for (const [id, events] of prefix)
    same(logs.get(id)?.slice(0, events.length) ?? [], events, `the durable events of ${id}`)
}

/** One start, at most one outcome, nothing behind the end. */
function checkLog(log: readonly LogEvent[]): void {
  const started = new Set<number>()
  const closed = new Set<number>()
  for (const event of log) {
    if (!('number' in event.data)) continue
    const { number } = event.data
    if (/^(step|sleep|child)\.started$|^signal\.awaited$/.test(event.type)) {
      if (started.has(number)) throw new Error(`call ${number} starts twice`)
      started.add(number)
      continue
    }
    if (!started.has(number)) throw new Error(`${event.type} of call ${number}, which never started`)
    if (closed.has(number)) throw new Error(`${event.type} of call ${number}, which had ended`)
    if (!/^attempt\.|unknown$|resolved$/.test(event.type)) closed.add(number)
  }
  if (closed.size !== started.size) throw new Error('the run ended with open tasks')
}

/** What is durably done runs no more; what must not be repeated ran at most once. */
function checkEffects(
  prefix: ReadonlyMap<RunId, readonly LogEvent[]>,
  before: readonly Effect[],
  again: readonly Effect[],
): void {
  for (const [id, events] of prefix) {
    for (const event of events) {
      if (event.type !== 'step.completed') continue
      const key = `${id}/${event.data.number}`
      if (again.some((effect) => effect.key === key)) throw new Error(`step ${key} was durably done and ran again`)
    }
  }
  const seen = new Set<string>()
  for (const { key, effect } of [...before, ...again]) {
    if (effect !== 'once') continue
    if (seen.has(key)) throw new Error(`the effect ${key} happened twice`)
    seen.add(key)
  }
}

/** Kind, name and value of every call: in order of the calls, or sorted where branches may overtake each other. */
function shape(log: readonly LogEvent[], { program }: Scenario): Json {
  const values = new Map<number, Json>()
  const calls: { number: number; kind: string; name: string }[] = []
  for (const event of log) {
    const { data, type } = event
    if (type === 'step.started' || type === 'signal.awaited')
      calls.push({ number: data.number, kind: type, name: data.name })
    else if (type === 'child.started') calls.push({ number: data.number, kind: type, name: data.childId })
    else if (type === 'sleep.started') calls.push({ number: data.number, kind: type, name: '' })
    else if ((type === 'step.completed' || type === 'child.completed') && 'value' in data.result)
      values.set(data.number, data.result.value)
  }
  const told = calls.map(({ number, kind, name }): Json => [
    kind,
    name,
    name === 'chance' ? null : (values.get(number) ?? null),
  ])
  return isConcurrent(program.ops, program)
    ? told.toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1))
    : told
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [canonicalJson(actual), canonicalJson(expected)]
  if (a !== b) throw new Error(`${what} differ:\n  expected ${b}\n  got      ${a}`)
}
