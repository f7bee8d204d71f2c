// What workers run in tests: steps with effects on a server that counts them.

import { anySchema, define, type Definition, type RunContext, type Schema } from '@meepo/core'

/** How a run of {@link counting} is to be. */
export interface Counting {
  /** The server that counts. */
  readonly url: string
  readonly steps: number
  readonly children: number
}

/** Counts one effect under the key of its step, and answers with how often that was done. */
async function count(url: string, key: string, ms: number): Promise<number> {
  const response = await fetch(`${url}?key=${encodeURIComponent(key)}&pid=${process.pid}&ms=${ms}`)
  return Number(await response.text())
}

async function work(ctx: RunContext, { url, steps }: Counting): Promise<number[]> {
  const counts: number[] = []
  for (let index = 0; index < steps; index++) {
    counts.push(
      await ctx.step('count', { effect: 'idempotent' }, ({ idempotencyKey }) => count(url, idempotencyKey, 20)),
    )
  }
  return counts
}

// The engine checks nothing of it: tests give what the type says.
const input = anySchema as unknown as Schema<Counting>

const part: Definition<Counting, number[]> = define({ name: 'part', input, run: work })

/** Counts in steps one after the other, then in children. */
export const counting: Definition<Counting, number> = define({
  name: 'counting',
  input,
  uses: [part],
  run: async (ctx, asked) => {
    const own = await work(ctx, asked)
    const parts = Array.from({ length: asked.children }, (_, index) =>
      ctx.child(part, `part-${index}`, { ...asked, children: 0 }),
    )
    const all = await Promise.all(parts)
    return own.length + all.flat().length
  },
})

/** Waits for a person. */
export const approval: Definition<null, boolean> = define({
  name: 'approval',
  // As above.
  input: anySchema as unknown as Schema<null>,
  run: (ctx) => ctx.signalled<boolean>('approved'),
})
