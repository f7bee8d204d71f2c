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
import { lookUp, perform, type BodyWorld, type Caller } from './body.ts'

/*
 * What the workers run. Everything that the real world would answer differently the second time does so here: prices
 * and model answers are drawn anew by each execution, so a result that is used and then lost shows up as an operation
 * done with other arguments.
 */

const retry = { maxAttempts: 20, initialMs: 20, factor: 1.3, maxMs: 200 }
const limits = { activeMs: 24 * 3_600_000 }

/** The signal that every order waits for. */
export const goSignal = 'go'

interface Answer {
  readonly amount: number
}

/** Builds the definitions of one worker. */
export function buildWorkload(world: BodyWorld): readonly AnyDefinition[] {
  const callerOf = (attempt: Attempt): Caller => ({
    runId: attempt.call.runId,
    attemptId: attempt.id,
    idempotencyKey: attempt.idempotencyKey,
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
      perform(world, callerOf(attempt), `${ctx.runId}/${name}`, effect, args, ms),
    )

  const observe = (ctx: RunContext, name: string, ms: number): Task<number> =>
    ctx.step(name, { effect: 'read', retry }, async (attempt) => {
      await perform(world, callerOf(attempt), `${ctx.runId}/${name}`, 'read', null, ms)
      return Math.floor(Math.random() * 1e9)
    })

  const asking = { effect: 'idempotent', isPaid: true, announcesCalls: true, retry, meta: { kind: 'model' } } as const

  const ask = (ctx: RunContext, name: string, question: Json): Task<Answer> =>
    ctx.step(name, asking, async (attempt) => {
      const { signal, id: attemptId, idempotencyKey, account, earlierTries } = attempt
      const model = attempt.call.models.resolve('sim:torture')
      const { text } = await model.call(
        { messages: [{ role: 'user', text: JSON.stringify(question) }] },
        { signal, attemptId, idempotencyKey, account, earlierTries },
      )
      return z.object({ amount: z.number() }).parse(JSON.parse(text))
    })

  const reconcile = (key: string): ReturnType<typeof lookUp> => lookUp(world, key)

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
      run: ({ amount }, call) => perform(world, call, `${call.runId}/${name}/${call.callId}`, effect, { amount }, 40),
    })

  const clerk = defineAgent({
    name: 'clerk',
    instructions: 'You are a clerk.',
    model: 'sim:torture',
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
        const isReconciled = (number + index) % 2 === 0
        await see(
          operate(
            ctx,
            `send-${index}`,
            'once',
            { price, amount },
            spread(index + 2),
            isReconciled ? { reconcile } : {},
          ),
        )
        return amount
      }
      const wait = async (): Promise<Json> => {
        await see(ctx.sleep(100 + ((number * 31) % 1_400)))
        return see(ctx.signalled(goSignal))
      }
      const choose = async (): Promise<number> => {
        const tasks = [observe(ctx, 'left', spread(5)), observe(ctx, 'right', spread(6))]
        const first = await ctx.race(tasks)
        const price = first.ok ? (first.value as number) : 0
        const part1 = await see(ctx.child(part, 'part-1', { price }))
        const winner = first.task.name
        await see(operate(ctx, 'chosen', 'idempotent', { winner, price, amount: part1.amount }, 20))
        return part1.amount
      }
      const helper = number % 3 === 0 ? see(ctx.child(clerk, 'clerk-1', `order ${number}`)) : undefined

      const [amounts, go, child] = await Promise.all([Promise.all([0, 1, 2].map(branch)), wait(), choose(), helper])
      await see(operate(ctx, 'seal', 'idempotent', { seen: [...seen], go }, 20))
      return { amounts, go, child, seen }
    },
  })

  const tour = define({
    name: 'tour',
    input: z.object({ leg: z.number() }),
    limits,
    run: async (ctx, { leg }): Promise<{ leg: number }> => {
      const price = await observe(ctx, `look-${leg}`, 30)
      const [{ amount }] = await Promise.all([ask(ctx, `ask-${leg}`, { price }), ctx.sleep(40)])
      await operate(ctx, `pay-${leg}`, 'idempotent', { price, amount }, 30)
      await operate(ctx, `sign-${leg}`, 'once', { amount }, 30, { reconcile })
      // Each leg is a segment of its own: what a resume replays begins here.
      return leg === 4 ? { leg } : ctx.continueWith({ leg: leg + 1 })
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

  /** Long steps, so that many runs are in flight at little cost. */
  const shift = define({
    name: 'shift',
    input: z.object({ number: z.number() }),
    limits,
    run: async (ctx, { number }) => {
      const spread = (index: number): number => 2_000 + ((number * 37 + index * 311) % 2_000)
      const price = await observe(ctx, 'open', spread(1))
      await operate(ctx, 'stock', 'idempotent', { price }, spread(2))
      await operate(ctx, 'deliver', 'once', { price }, spread(3), { reconcile })
      return operate(ctx, 'close', 'idempotent', { price }, spread(4))
    },
  })

  return [order, clerk, part, tour, nap, shift]
}
