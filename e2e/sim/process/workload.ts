import { z } from 'zod'
import {
  define,
  defineAgent,
  defineTool,
  type AnyDefinition,
  type Attempt,
  type Effect,
  type Json,
  type RunContext,
  type StepOptions,
  type Task,
} from '@meepo/core'
import type { Caller, Effects } from '../world/effect-book.ts'
import type { Chance } from '../world/chance.ts'
import type { Life } from '../world/life.ts'

/*
 * What the processes run. Everything that the real world would answer differently the second time does so here: prices
 * and model answers are drawn anew by each execution, so a result that is used and then lost shows up as an operation
 * done with other arguments.
 */

/** What bodies reach of the world. */
export interface BodyWorld {
  readonly life: Life
  readonly effects: Effects
  /** What the world answers, differently each time. */
  readonly chance: Chance
}

const retry = { maxAttempts: 20, initialMs: 50, factor: 1.5, maxMs: 5_000 }
const limits = { activeMs: 24 * 3_600_000 }

/** The signal that every order waits for. */
export const goSignal = 'go'

/** Builds the definitions of one process. */
export function buildWorkload(world: BodyWorld): readonly AnyDefinition[] {
  const { effects, life, chance } = world
  const callerOf = (attempt: Attempt): Caller => ({
    runId: attempt.call.runId,
    attemptId: attempt.id,
    idempotencyKey: attempt.idempotencyKey,
    signal: attempt.signal,
  })

  const operate = (
    ctx: RunContext,
    name: string,
    effect: Effect,
    args: Json,
    ms: number,
    options: Partial<StepOptions<{ args: string }>> = {},
  ): Task<{ args: string }> =>
    ctx.step(name, { effect, retry, ...options }, (attempt) =>
      effects.perform(life, callerOf(attempt), `${ctx.runId}/${name}`, effect, args, ms),
    )

  const observe = (ctx: RunContext, name: string, ms: number): Task<number> =>
    ctx.step(name, { effect: 'read', retry }, async (attempt) => {
      await effects.perform(life, callerOf(attempt), `${ctx.runId}/${name}`, 'read', null, ms)
      return chance.below(1e9)
    })

  const asking = { effect: 'idempotent', isPaid: true, announcesCalls: true, retry, meta: { kind: 'model' } } as const

  const ask = (ctx: RunContext, name: string, question: Json): Task<{ amount: number }> =>
    ctx.step(name, asking, async (attempt) => {
      const { signal, id: attemptId, idempotencyKey, account, earlierTries, preview } = attempt
      const model = attempt.call.models.resolve('default')
      const { text } = await model.call(
        { messages: [{ role: 'user', text: JSON.stringify(question) }], settings: { maxOutputTokens: 100 } },
        { signal, attemptId, idempotencyKey, account, earlierTries, ...(preview ? { onText: preview } : {}) },
      )
      return z.object({ amount: z.number() }).parse(JSON.parse(text))
    })

  const reconcile = (key: string): ReturnType<Effects['lookUp']> => effects.lookUp(life, key)

  const part = define({
    name: 'part',
    input: z.object({ price: z.number() }),
    limits,
    run: async (ctx, { price }) => {
      const stock = await observe(ctx, 'stock', 20)
      const { amount } = await ask(ctx, 'ask', { price, stock })
      await operate(ctx, 'reserve', 'idempotent', { price, stock, amount }, 30)
      await operate(ctx, 'ship', 'once', { price, amount }, 30, { reconcile })
      return { amount }
    },
  })

  const tool = (name: string, effect: Effect, isReconciled: boolean) =>
    defineTool({
      name,
      description: name,
      input: z.object({ amount: z.number() }),
      effect,
      retry,
      ...(isReconciled ? { reconcile } : {}),
      run: ({ amount }, call) =>
        effects.perform(life, call, `${call.runId}/${name}/${call.callId}`, effect, { amount }, 40),
    })

  const clerk = defineAgent({
    name: 'clerk',
    instructions: 'You are a clerk.',
    model: 'default',
    limits,
    retry,
    tools: [
      tool('look', 'read', false),
      tool('file', 'idempotent', false),
      tool('note', 'idempotent', false),
      tool('stamp', 'once', true),
      tool('pay', 'irreversible', false),
      tool('check', 'read', false),
    ],
  })

  const order = define({
    name: 'order',
    input: z.object({ number: z.number() }),
    uses: [part, clerk],
    limits,
    isWorkflow: true,
    run: async (ctx, { number }) => {
      // The order in which this code saw its tasks end: the log must have it the same.
      const seen: string[] = []
      const see = async <T>(task: Task<T>): Promise<T> => {
        const value = await task
        seen.push(`${task.kind} ${task.number}`)
        return value
      }
      const spread = (index: number): number => 20 + ((number * 7 + index * 13) % 90)

      const branch = async (index: number): Promise<number> => {
        const price = await see(observe(ctx, `price-${index}`, spread(index)))
        const { amount } = await see(ask(ctx, `ask-${index}`, { price }))
        await see(operate(ctx, `book-${index}`, 'idempotent', { price, amount, seen: [...seen] }, spread(index + 1)))
        const isReconciled = (number + index) % 2 === 0 ? { reconcile } : {}
        await see(operate(ctx, `send-${index}`, 'once', { price, amount }, spread(index + 2), isReconciled))
        return amount
      }
      const wait = async (): Promise<Json> => {
        await see(ctx.sleep(100 + ((number * 31) % 1_400)))
        return see(ctx.signalled(goSignal))
      }
      const choose = async (): Promise<number> => {
        const first = await ctx.race([observe(ctx, 'left', spread(5)), observe(ctx, 'right', spread(6))])
        // What wins is a number that was observed.
        const price = first.ok ? (first.value as number) : 0
        const { amount } = await see(ctx.child(part, 'part-1', { price }))
        await see(operate(ctx, 'chosen', 'idempotent', { winner: first.task.name, price, amount }, 20))
        return amount
      }
      const helper = number % 3 === 0 ? see(ctx.child(clerk, 'clerk-1', `order ${number}`)) : undefined

      const branches = [...Array(1 + (number % 3)).keys()].map(branch)
      const [amounts, go, child] = await Promise.all([Promise.all(branches), wait(), choose(), helper])
      await see(operate(ctx, 'seal', 'idempotent', { seen: [...seen], go }, 20))
      ctx.report({ message: 'sealed', fraction: 1 })
      return { amounts, go, child, seen }
    },
  })

  const tour = define({
    name: 'tour',
    input: z.object({ leg: z.number() }),
    limits,
    retention: { completedMs: 20_000, failedMs: 40_000 },
    run: async (ctx, { leg }): Promise<{ leg: number }> => {
      const price = await observe(ctx, `look-${leg}`, 30)
      const [{ amount }] = await Promise.all([ask(ctx, `ask-${leg}`, { price }), ctx.sleep(40)])
      await operate(ctx, `pay-${leg}`, 'idempotent', { price, amount }, 30)
      await operate(ctx, `sign-${leg}`, 'once', { amount }, 30, { reconcile })
      // Each leg is a segment of its own: what a resume replays begins here.
      return leg === 3 ? { leg } : ctx.continueWith({ leg: leg + 1 })
    },
  })

  const nap = define({
    name: 'nap',
    input: z.object({ number: z.number() }),
    limits,
    run: async (ctx, { number }) => {
      for (let round = 1; round <= 3; round++) await ctx.sleep(1_500 + ((number * 37 + round * 311) % 2_000))
      return operate(ctx, 'wake', 'idempotent', { number }, 20)
    },
  })

  const spender = define({
    name: 'spender',
    input: z.object({ calls: z.number() }),
    uses: [part],
    limits,
    run: async (ctx, { calls }) => {
      let sum = 0
      for (let call = 1; call <= calls; call++) sum += (await ask(ctx, `ask-${call}`, { sum })).amount % 1_000
      // A child may be given less than its parent has, never more.
      const { amount } = await ctx.child(part, 'rest', { price: sum }, { limits: { picoDollars: '900000000000' } })
      await operate(ctx, 'spent', 'idempotent', { sum, amount }, 20)
      return { sum }
    },
  })

  const archive = define({
    name: 'archive',
    input: z.object({ kilobytes: z.number() }),
    limits,
    run: async (ctx, { kilobytes }) => {
      const text = await ctx.step('collect', { effect: 'read', retry }, async (attempt) => {
        await effects.perform(life, callerOf(attempt), `${ctx.runId}/collect`, 'read', null, 20)
        return String(chance.below(9)).repeat(kilobytes * 1_024)
      })
      await ctx.sleep(300)
      await operate(ctx, 'shelve', 'idempotent', { first: text.slice(0, 1), size: text.length }, 20)
      return { size: text.length }
    },
  })

  return [order, clerk, part, tour, nap, spender, archive]
}
