import { define, type RunContext } from '@meepo/core'
import { number } from 'zod'

const child = define<number, number>({
  name: 'doubled',
  input: number(),
  run: async (ctx, n) => ctx.step('double', { effect: 'read' }, async () => n * 2),
})

const step = (ctx: RunContext, name: string, work: () => number | string) =>
  ctx.step(name, { effect: 'read' }, async () => work())

/** A run of 30 steps of all kinds, some side by side. Its result depends on each of them and on nothing else. */
export const thirtySteps = define<number, readonly (number | string)[]>({
  name: 'thirty-steps',
  input: number(),
  uses: [child],
  run: async (ctx, start) => {
    const seen: (number | string)[] = [start]
    for (let n = 0; n < 8; n++) seen.push(await step(ctx, `read ${n}`, () => n + start))
    for (let n = 0; n < 4; n++) seen.push(await ctx.step(`pay ${n}`, { effect: 'idempotent' }, async () => `paid ${n}`))
    for (let n = 0; n < 2; n++) seen.push(await ctx.step(`send ${n}`, { effect: 'once' }, async () => `sent ${n}`))
    const branch = async (name: string): Promise<string> => {
      let text = ''
      for (let n = 0; n < 3; n++) text += await step(ctx, `${name}${n}`, () => `${name}${n};`)
      return text
    }
    seen.push(...(await Promise.all([branch('a'), branch('b'), branch('c')])))
    seen.push(await ctx.child(child, 'one', 21))
    await ctx.sleep(1)
    seen.push(await step(ctx, 'large', () => 'x'.repeat(300_000)))
    for (let n = 0; n < 5; n++) seen.push(await step(ctx, `last ${n}`, () => `${seen.length}`))
    return seen
  },
})
