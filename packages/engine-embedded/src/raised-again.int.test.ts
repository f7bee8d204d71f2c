import { anySchema, define, MeepoError, seededRandom, type Definition, type RunContext } from '@meepo/core'
import { createBookingModel, createMemoryStore } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './engine.ts'

/** A random program: whatever it does, each payment of it may be made once. */
type Program =
  | { readonly kind: 'pay'; readonly name: string }
  | { readonly kind: 'each' | 'both' | 'child'; readonly name: string; readonly parts: readonly Program[] }
  | { readonly kind: 'race'; readonly name: string }

function draw(random: () => number, depth: number, name: string): Program {
  const kinds = depth === 0 ? (['pay'] as const) : (['pay', 'each', 'both', 'child', 'race'] as const)
  const kind = kinds[Math.floor(random() * kinds.length)] ?? 'pay'
  if (kind === 'pay' || kind === 'race') return { kind, name }
  const count = kind === 'child' ? 1 : 3
  return { kind, name, parts: Array.from({ length: count }, (_, at) => draw(random, depth - 1, `${name}.${at}`)) }
}

/** Runs programs that pay 60 of wanted 100 at a time, and remembers which payments were completed. */
function createPayer(random: () => number) {
  const paid: string[] = []
  const model = createBookingModel({ send: () => new Promise((sent) => setTimeout(sent, random() * 4)) })
  const pay = (ctx: RunContext, name: string) =>
    ctx.step(name, { effect: 'idempotent' }, async (attempt) => {
      const { id, idempotencyKey, signal, account, earlierTries } = attempt
      await model.call({ messages: [] }, { attemptId: id, idempotencyKey, signal, account, earlierTries })
      paid.push(`${ctx.runId} ${name}`)
      return name
    })
  const part: Definition<Program, string> = define({
    name: 'part',
    input: anySchema as never,
    run: async (ctx: RunContext, program: Program) => {
      await execute(ctx, program)
      return 'done'
    },
  })
  const execute = async (ctx: RunContext, program: Program): Promise<void> => {
    const { kind, name } = program
    if (kind === 'pay') await pay(ctx, name)
    else if (kind === 'race') await race(ctx, name)
    else if (kind === 'child') for (const one of program.parts) await ctx.child(part, name, one)
    else if (kind === 'each') for (const one of program.parts) await execute(ctx, one)
    else await Promise.all(program.parts.map((one) => execute(ctx, one)))
  }
  const race = async (ctx: RunContext, name: string): Promise<void> => {
    const tasks = [pay(ctx, name), ctx.child(part, name, { kind: 'pay', name: `${name}.c` })]
    const first = await ctx.race(tasks)
    for (const task of tasks) if (task !== first.task) await ctx.cancel(task, 'lost')
    if (!first.ok) throw first.error
  }
  return { part, paid }
}

async function raiseToTheEnd(seed: number): Promise<void> {
  const seeded = seededRandom(`raised ${seed}`)
  const random = (): number => seeded.next()
  const { part, paid } = createPayer(random)
  const store = createMemoryStore()
  const engine = createEmbeddedEngine({ store })
  let budget = 100
  const limits = (): { picoDollars: string } => ({ picoDollars: String(budget) })
  const program: Program = { kind: 'both', name: 'r', parts: [0, 1].map((at) => draw(random, 3, `r.${at}`)) }
  const handle = await engine.start(part, program, { limits: limits() })
  for (let raises = 0; raises < 20; raises++) {
    const { status, error } = await handle.result()
    if (status === 'completed') break
    expect(error?.code, `seed ${seed}`).toBe('budget.exceeded')
    budget += raises > 10 ? 10_000 : Math.floor(random() * 200)
    await engine.resume(handle.runId, limits())
  }
  expect((await handle.result()).status, `seed ${seed}`).toBe('completed')
  expect(new Set(paid).size, `seed ${seed}`).toBe(paid.length)
  expect(await store.money.reservations('system')).toEqual([])
  await engine.stop()
}

test('programs that budgets stop again and again come to their end and pay for each step once', async () => {
  await Promise.all(Array.from({ length: 150 }, (_, seed) => raiseToTheEnd(seed)))
})
