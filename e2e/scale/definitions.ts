import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { define, defineAgent, defineTool, type AnyDefinition } from 'meepo'
import * as z from 'zod'

/** What a run of `work` does: so many steps of so many milliseconds. Nothing else gets the processor of a busy one. */
const workInput = z.object({ steps: z.number(), ms: z.number(), isBusy: z.boolean().default(false) })

/** One line of the journal: a body began. */
export interface Beginning {
  readonly worker: number
  readonly runId: string
  readonly step: number
  readonly at: number
}

/** What the workers run. A process that runs nothing itself needs neither a journal nor a number. */
export function buildDefinitions({ worker = 0, journal = '/dev/null' } = {}): readonly AnyDefinition[] {
  const note = (line: Beginning): void => appendFileSync(journal, `${JSON.stringify(line)}\n`)
  const work = define({
    name: 'work',
    input: workInput,
    limits: { activeMs: 24 * 3_600_000 },
    run: async (ctx, { steps, ms, isBusy }) => {
      for (let step = 1; step <= steps; step++)
        await ctx.step(`step ${step}`, { effect: 'idempotent' }, async () => {
          note({ worker, runId: ctx.runId, step, at: Date.now() })
          if (isBusy) burn(ms)
          else await delay(ms)
          return step
        })
      return steps
    },
  })
  const approval = define({
    name: 'approval',
    input: z.null(),
    run: async (ctx) => (await ctx.signalled<boolean>('decision')) === true,
  })
  const add = defineTool({
    name: 'add',
    description: 'Adds two numbers.',
    input: z.object({ a: z.number(), b: z.number() }),
    effect: 'read',
    run: async ({ a, b }) => a + b,
  })
  const agent = defineAgent({ name: 'adder', instructions: 'Add.', model: 'sim:model', tools: [add] })
  // Inputs and results of a list differ from one to the next.
  return [work, approval, agent] as unknown as readonly AnyDefinition[]
}

function burn(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) Math.sqrt(until)
}
