import { define, MeepoError } from 'meepo'
import type { Definition } from 'meepo'
import { z } from 'zod'

import type { JobOutput } from '../agents/agent-role.ts'

type Row = Readonly<Record<string, unknown>>

/** What the agents of one task are to do, by the name of each one's run. */
export interface Batch {
  readonly items: readonly { readonly id: string; readonly input: Row }[]
  /** How many may work at one time; nearly all unless said. */
  readonly atOnce?: number
}

/** What came of them. A failure stands among the answers too, as a problem, so that the report names it. */
export interface Answers {
  readonly answers: readonly JobOutput[]
  readonly failures: readonly { readonly id: string; readonly code: string; readonly message: string }[]
}

/** Below the number of tasks that a run may have open, for companies with thousands of invoices. */
const width = 900

/**
 * Runs an agent once for each item, all at the same time. An agent that fails costs its own answer and no other: a month with
 * 600 invoices is not given up for one of them.
 *
 * A refusal by a budget is no failure of the agent: more money undoes it. It ends one of the lanes, as what is too little
 * for one call may do for another, and when all have ended the run fails with it. What was answered stays in the log, and a
 * resume with a larger budget asks for the rest only.
 */
export function forEach(name: string, version: string, agent: Definition<Row, JobOutput>): Definition<Batch, Answers> {
  return define<Batch, Answers>({
    name,
    version,
    input: z.strictObject({
      items: z.array(z.strictObject({ id: z.string(), input: z.record(z.string(), z.unknown()) })),
      atOnce: z.int().min(1).optional(),
    }),
    uses: [agent],
    run: async (ctx, { items, atOnce = width }) => {
      const answers: JobOutput[] = []
      const failures: Answers['failures'][number][] = []
      const refusals: MeepoError[] = []
      // Shared by all lanes: each takes the next item when its last one is done.
      const waiting = items.entries()
      const lane = async (): Promise<void> => {
        for (const [index, { id, input }] of waiting) {
          try {
            answers[index] = await ctx.child(agent, id, input)
          } catch (thrown) {
            if (ctx.signal.aborted || !MeepoError.is(thrown)) throw thrown
            const { code, message } = thrown
            if (code === 'budget.exceeded') {
              refusals.push(thrown)
              return
            }
            failures.push({ id, code, message })
            answers[index] = { findings: [], problems: [`${id}: ${code}: ${message}`] }
          }
        }
      }
      await Promise.all(Array.from({ length: Math.min(width, atOnce, items.length) }, lane))
      const [refusal] = refusals
      if (refusal !== undefined) throw refusal
      return { answers, failures }
    },
  })
}
