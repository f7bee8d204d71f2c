// Random programs that pay: one after the other, in parallel, in children, in races.

import { anySchema, define, MeepoError, type Definition, type RunContext } from '@meepo/core'
import { createBookingModel, type TestMachine } from '@meepo/core/testing'

/** What one run of it does. `duel`: a race in a child of its own. */
export type Paying =
  | { readonly kind: 'pay' | 'race' | 'duel' | 'fight'; readonly name: string }
  | { readonly kind: 'each' | 'both' | 'child'; readonly name: string; readonly parts: readonly Paying[] }

/** A payment that was made. */
export interface Payment {
  readonly step: string
  readonly key: string
  readonly isOnce: boolean
}

const kinds = ['pay', 'each', 'both', 'child', 'race', 'duel'] as const

/** Draws a program of so many levels. */
export function drawPaying(random: () => number, depth: number, name: string): Paying {
  const kind = depth === 0 ? 'pay' : (kinds[Math.floor(random() * kinds.length)] ?? 'pay')
  if (kind === 'pay' || kind === 'race' || kind === 'duel') return { kind, name }
  const count = kind === 'child' ? 1 : 3
  return { kind, name, parts: Array.from({ length: count }, (_, at) => drawPaying(random, depth - 1, `${name}.${at}`)) }
}

/** What runs such programs, and what they paid: 60 of wanted 100 at a time. A third of the payments must not be repeated. */
export interface Payer {
  readonly definition: Definition<Paying, string>
  readonly payments: readonly Payment[]
  /** Counted by whoever does it. `asked`: how often it had to be asked whether a payment was made. */
  readonly told: { raises: number; deaths: number; asked: number }
}

/** Makes a payer. Payments take up to 4 ms. */
export function createPayer(machine: TestMachine, random: () => number): Payer {
  const payments: Payment[] = []
  const told = { raises: 0, deaths: 0, asked: 0 }
  const model = createBookingModel({
    send: () => new Promise((sent) => machine.scheduler.after(Math.floor(random() * 5), sent)),
  })

  const pay = (ctx: RunContext, name: string) => {
    const step = `${ctx.runId} ${name}`
    const isOnce = name.includes('1')
    const wasPaid = (): boolean => payments.some((payment) => payment.step === step)
    return ctx.step(
      name,
      {
        effect: isOnce ? 'once' : 'idempotent',
        reconcile: async () => {
          told.asked++
          return wasPaid() ? { kind: 'done', result: name } : { kind: 'not_done' }
        },
      },
      async ({ id, idempotencyKey, signal, account, earlierTries }) => {
        await model.call({ messages: [] }, { attemptId: id, idempotencyKey, signal, account, earlierTries })
        payments.push({ step, key: idempotencyKey, isOnce })
        return name
      },
    )
  }

  const definition: Definition<Paying, string> = define({
    name: 'payer',
    input: anySchema as never,
    run: async (ctx: RunContext, program: Paying) => {
      await execute(ctx, program)
      return 'done'
    },
  })

  const execute = async (ctx: RunContext, program: Paying): Promise<void> => {
    const { kind, name } = program
    if (kind === 'both') await Promise.all(program.parts.map((one) => execute(ctx, one)))
    else if (kind === 'each') for (const one of program.parts) await execute(ctx, one)
    else if (kind === 'child') for (const one of program.parts) await ctx.child(definition, name, one)
    else if (kind === 'duel') await ctx.child(definition, name, { kind: 'fight', name })
    else if (kind === 'pay') await pay(ctx, name)
    else await race(ctx, name, kind === 'fight')
  }

  // Where a refusal is waited upon while other branches pay, that refusal stays: only a race that is alone may do so.
  const race = async (ctx: RunContext, name: string, isAlone: boolean): Promise<void> => {
    const tasks = [pay(ctx, name), ctx.child(definition, name, { kind: 'pay', name: `${name}.c` })]
    const first = await ctx.race(tasks)
    if (!first.ok && !isAlone) throw MeepoError.fromData(first.error)
    for (const task of tasks) if (task !== first.task) await ctx.cancel(task, 'lost')
    if (!first.ok) throw MeepoError.fromData(first.error)
  }

  return { definition, payments, told }
}
