// Random programs over everything that the run context offers, and the one definition that runs them all.

import {
  anySchema,
  define,
  MeepoError,
  noRetry,
  type Definition,
  type Json,
  type RunContext,
  type Schema,
  type Task,
} from '@meepo/core'
import fc from 'fast-check'

/** A call that gives a task. */
export type TaskOp =
  | {
      readonly kind: 'step'
      readonly name: string
      readonly effect: 'read' | 'idempotent' | 'once'
      readonly value: number
      readonly fails: boolean
      readonly ms: number
    }
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'signal'; readonly name: string; readonly timeoutMs?: number }
  | { readonly kind: 'child'; readonly ops: readonly Op[] }

/** One line of a program. */
export type Op =
  | TaskOp
  | { readonly kind: 'hops'; readonly count: number }
  | { readonly kind: 'chance' }
  | { readonly kind: 'all'; readonly branches: readonly (readonly Op[])[] }
  | { readonly kind: 'race'; readonly tasks: readonly TaskOp[]; readonly cancelsLosers: boolean }
  | { readonly kind: 'cancel'; readonly task: TaskOp; readonly afterMs: number }
  | { readonly kind: 'call'; readonly helper: number }

/** What a run does. `helpers` are called from any branch. */
export interface Program {
  readonly ops: readonly Op[]
  readonly helpers: readonly (readonly Op[])[]
}

/** When a signal is sent, milliseconds after the start. */
export interface SentSignal {
  readonly name: string
  readonly atMs: number
}

/** Hears of every body that runs. Decides what became of effects that a crash cut off. */
export interface World {
  body(key: string, effect: string, ms: number): Promise<void>
  reconcile(key: string): boolean
}

/** The definition that runs programs. */
export function programDefinition(world: World): Definition<Program, Json> {
  const definition: Definition<Program, Json> = define({
    name: 'program',
    input: anySchema as Schema<Program>,
    run: (ctx: RunContext, program: Program) => runProgram(ctx, program, definition, world),
  })
  return definition
}

/** Runs a program on any context. */
export function runProgram(
  ctx: RunContext,
  program: Program,
  self: Definition<Program, Json>,
  world: World,
): Promise<Json> {
  return new Interpretation(ctx, program, self, world).run(program.ops, 'm')
}

class Interpretation {
  readonly #ctx: RunContext
  readonly #program: Program
  readonly #self: Definition<Program, Json>
  readonly #world: World

  constructor(ctx: RunContext, program: Program, self: Definition<Program, Json>, world: World) {
    this.#ctx = ctx
    this.#program = program
    this.#self = self
    this.#world = world
  }

  async run(ops: readonly Op[], path: string): Promise<Json> {
    const results: Json[] = []
    for (const [index, op] of ops.entries()) results.push(await this.#one(op, `${path}.${index}`))
    return results
  }

  async #one(op: Op, path: string): Promise<Json> {
    switch (op.kind) {
      case 'hops':
        for (let hop = 0; hop < op.count; hop++) await Promise.resolve()
        return null
      case 'chance':
        return this.#chance()
      case 'all':
        return Promise.all(op.branches.map((branch, index) => this.run(branch, `${path}b${index}`)))
      case 'call':
        return this.run(this.#program.helpers[op.helper % this.#program.helpers.length] ?? [], `${path}h`)
      case 'race':
        return this.#race(op.tasks, op.cancelsLosers, path)
      case 'cancel': {
        const task = this.#start(op.task, path)
        if (op.afterMs > 0) await this.#ctx.sleep(op.afterMs)
        await this.#ctx.cancel(task, 'changed my mind')
        return outcomeOf(task)
      }
      default:
        return outcomeOf(this.#start(op, path))
    }
  }

  /** The number that a replay draws must be the one that was drawn first. */
  async #chance(): Promise<Json> {
    const drawn = this.#ctx.random()
    const recorded = await this.#ctx.step('chance', { effect: 'read', retry: noRetry }, async () => drawn)
    if (recorded !== drawn) throw new MeepoError('run.nondeterministic', `drew ${drawn} after ${recorded}`)
    return null
  }

  async #race(ops: readonly TaskOp[], cancelsLosers: boolean, path: string): Promise<Json> {
    const tasks = ops.map((op, index) => this.#start(op, `${path}r${index}`))
    const first = await this.#ctx.race(tasks)
    const winner = tasks.indexOf(first.task)
    const told: Json[] = [winner, first.ok ? ((first.value ?? null) as Json) : first.error.code]
    if (!cancelsLosers) return told
    for (const [index, task] of tasks.entries()) {
      if (index === winner) continue
      await this.#ctx.cancel(task, 'lost')
      told.push(await outcomeOf(task))
    }
    return told
  }

  #start(op: TaskOp, path: string): Task<unknown> {
    const ctx = this.#ctx
    switch (op.kind) {
      case 'sleep':
        return ctx.sleep(op.ms)
      case 'signal':
        return ctx.signalled(op.name, op.timeoutMs === undefined ? {} : { timeoutMs: op.timeoutMs })
      case 'child':
        return ctx.child(this.#self, path, { ops: op.ops, helpers: [] })
      case 'step': {
        const { value, fails, effect, ms } = op
        const body = async (key: string): Promise<Json> => {
          // A failing body fails before its effect.
          await this.#world.body(key, fails ? 'read' : effect, ms)
          if (fails) throw new MeepoError('tool.failed', 'planned')
          return value
        }
        const reconcile = async (key: string) =>
          this.#world.reconcile(key) && !fails
            ? ({ kind: 'done', result: value } as const)
            : ({ kind: 'not_done' } as const)
        const options =
          effect === 'once' ? ({ effect, retry: noRetry, reconcile } as const) : ({ effect, retry: noRetry } as const)
        return ctx.step<Json>(op.name, options, (attempt) => body(attempt.idempotencyKey))
      }
    }
  }
}

async function outcomeOf(task: Task<unknown>): Promise<Json> {
  try {
    // Every task of a program gives JSON or nothing.
    return ((await task) ?? null) as Json
  } catch (thrown) {
    return MeepoError.is(thrown) ? `error ${thrown.code}` : String(thrown)
  }
}

/** True if what the program gives depends on what comes first. */
export function isTimed(ops: readonly Op[], program: Program): boolean {
  return someOp(
    ops,
    program,
    (op) =>
      op.kind === 'race' ||
      (op.kind === 'cancel' && op.afterMs > 0) ||
      (op.kind === 'signal' && op.timeoutMs !== undefined),
  )
}

/** True for programs with two or more branches at a time. */
export function isConcurrent(ops: readonly Op[], program: Program): boolean {
  return someOp(ops, program, (op) => op.kind === 'all' && op.branches.length > 1)
}

/** True for programs with a race. */
export function hasRace(ops: readonly Op[], program: Program): boolean {
  return someOp(ops, program, (op) => op.kind === 'race')
}

function someOp(ops: readonly Op[], program: Program, test: (op: Op) => boolean): boolean {
  return ops.some((op) => {
    if (test(op)) return true
    switch (op.kind) {
      case 'all':
        return op.branches.some((branch) => someOp(branch, program, test))
      case 'child':
        return someOp(op.ops, program, test)
      case 'race':
        return someOp(op.tasks, program, test)
      case 'cancel':
        return someOp([op.task], program, test)
      case 'call':
        return someOp(program.helpers[op.helper % program.helpers.length] ?? [], program, test)
      default:
        return false
    }
  })
}

/** The names of signals that programs wait for. */
export const signalNames = ['s0', 's1', 's2'] as const

const step: fc.Arbitrary<TaskOp> = fc.record({
  kind: fc.constant('step' as const),
  name: fc.constantFrom('a', 'b', 'c'),
  effect: fc.constantFrom('read' as const, 'read' as const, 'idempotent' as const, 'once' as const),
  value: fc.nat(9),
  fails: fc.constant(false),
  ms: fc.constantFrom(0, 0, 1, 7),
})
const failing: fc.Arbitrary<TaskOp> = step.map((op) => (op.kind === 'step' ? { ...op, fails: true } : op))
const sleep: fc.Arbitrary<TaskOp> = fc.constantFrom(0, 1, 5, 20).map((ms) => ({ kind: 'sleep', ms }))
const signal: fc.Arbitrary<TaskOp> = fc.constantFrom(...signalNames).map((name) => ({ kind: 'signal', name }))
const timedSignal: fc.Arbitrary<TaskOp> = fc
  .tuple(fc.constantFrom(...signalNames), fc.constantFrom(0, 3, 15))
  .map(([name, timeoutMs]) => ({ kind: 'signal', name, timeoutMs }))
const hops: fc.Arbitrary<Op> = fc.nat(12).map((count) => ({ kind: 'hops', count }))
const chance: fc.Arbitrary<Op> = fc.constant({ kind: 'chance' })
const childOps: fc.Arbitrary<readonly Op[]> = fc.array(fc.oneof(step, step, sleep, hops, chance), {
  minLength: 1,
  maxLength: 3,
})
const child: fc.Arbitrary<TaskOp> = childOps.map((ops) => ({ kind: 'child', ops }))
const taskOp: fc.Arbitrary<TaskOp> = fc.oneof(
  { weight: 6, arbitrary: step },
  { weight: 1, arbitrary: failing },
  { weight: 3, arbitrary: sleep },
  { weight: 3, arbitrary: signal },
  { weight: 2, arbitrary: child },
)
const racer: fc.Arbitrary<TaskOp> = fc.oneof({ weight: 5, arbitrary: taskOp }, { weight: 1, arbitrary: timedSignal })
const race: fc.Arbitrary<Op> = fc.record({
  kind: fc.constant('race' as const),
  tasks: fc.array(racer, { minLength: 2, maxLength: 3 }),
  cancelsLosers: fc.boolean(),
})
const cancel: fc.Arbitrary<Op> = fc.record({
  kind: fc.constant('cancel' as const),
  task: taskOp,
  afterMs: fc.constantFrom(0, 0, 3),
})
const helperCall: fc.Arbitrary<Op> = fc.nat(1).map((helper) => ({ kind: 'call', helper }))
const simple: fc.Arbitrary<Op> = fc.oneof(
  { weight: 10, arbitrary: taskOp },
  { weight: 2, arbitrary: hops },
  { weight: 1, arbitrary: chance },
  { weight: 1, arbitrary: race },
  { weight: 1, arbitrary: cancel },
  { weight: 2, arbitrary: helperCall },
)
const branch = fc.array(simple, { minLength: 1, maxLength: 4 })
const all: fc.Arbitrary<Op> = fc
  .array(branch, { minLength: 2, maxLength: 3 })
  .map((branches) => ({ kind: 'all', branches }))
const nested: fc.Arbitrary<Op> = fc
  .tuple(fc.array(fc.oneof(simple, all), { minLength: 1, maxLength: 3 }), branch)
  .map((branches) => ({ kind: 'all', branches }))

/** Programs and the times of the signals they wait for. */
export const scenarios: fc.Arbitrary<{ readonly program: Program; readonly signals: readonly SentSignal[] }> =
  fc.record({
    program: fc.record({
      ops: fc.array(
        fc.oneof({ weight: 5, arbitrary: simple }, { weight: 3, arbitrary: all }, { weight: 1, arbitrary: nested }),
        { minLength: 1, maxLength: 5 },
      ),
      helpers: fc.tuple(
        fc.array(fc.oneof(step, sleep, hops), { minLength: 1, maxLength: 3 }),
        fc.array(fc.oneof(step, signal, chance), { minLength: 1, maxLength: 2 }),
      ),
    }),
    signals: fc
      .tuple(...signalNames.map(() => fc.constantFrom(0, 0, 2, 9, 40)))
      .map((times) => signalNames.map((name, index) => ({ name, atMs: times[index] ?? 0 }))),
  })
