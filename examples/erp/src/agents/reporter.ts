import { z } from 'zod'

/** The agent that ends the month: no job of its own, it has the one report written. */
export interface ReporterRole {
  readonly name: string
  readonly instructions: string
  readonly toolNames: readonly string[]
  readonly input: z.ZodType<ReporterTask>
  readonly output: z.ZodType<{ readonly written: WrittenReport }>
}

/** What the report writer answered. */
interface WrittenReport {
  readonly markdown: string
  readonly json: string
  readonly snapshot: string
  readonly findings: number
}

/** What the reporter is told: how much each job found. */
interface ReporterTask {
  readonly asOf: string
  readonly jobs: readonly { readonly job: string; readonly findings: number }[]
}

const written: z.ZodType<WrittenReport> = z.strictObject({
  markdown: z.string(),
  json: z.string(),
  snapshot: z.string(),
  findings: z.int(),
})

/** Has the report written. */
export const reporter: ReporterRole = {
  name: 'reporter',
  instructions: `Role: reporter

You end the month. The task is a JSON object with the number of findings of each job. Write one to five plain sentences that sum the month up, and call
write_report once with them as "summary". Then answer with one JSON object {"written": …} that holds what the tool answered.`,
  toolNames: ['write_report'],
  input: z.strictObject({
    asOf: z.string(),
    jobs: z.array(z.strictObject({ job: z.string(), findings: z.int() })),
  }),
  output: z.strictObject({ written }),
}
