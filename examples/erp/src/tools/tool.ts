import type { SQLInputValue } from 'node:sqlite'
import type { z } from 'zod'

import type { Company } from '../data/company.ts'

/** A business function that an agent may call. It gives facts; what they mean is for the agent to judge. */
export interface ErpTool {
  readonly name: string
  readonly description: string
  /** What repeating the call would do. */
  readonly effect: 'read' | 'idempotent'
  readonly input: z.ZodType
  readonly output: z.ZodType
  /** Checks the arguments, works, checks the answer. Throws a `ZodError` for arguments of another shape. */
  run(company: Company, args: unknown): unknown
}

/** What a tool is made of; `run` may return any shape, the output schema decides. */
export interface ErpToolOptions<Input, Output> {
  readonly name: string
  readonly description: string
  readonly effect: 'read' | 'idempotent'
  readonly input: z.ZodType<Input>
  readonly output: z.ZodType<Output>
  run(company: Company, args: Input): unknown
}

/** Makes a tool whose arguments and answers are checked. */
export function erpTool<Input, Output>(options: ErpToolOptions<Input, Output>): ErpTool {
  const { name, description, effect, input, output } = options
  return {
    name,
    description,
    effect,
    input,
    output,
    run: (company, args) => output.parse(options.run(company, input.parse(args))),
  }
}

/** All rows of a statement, keyed by column. */
export function select(company: Company, sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
  return company.db
    .prepare(sql)
    .all(...values)
    .map((row) => ({ ...row }))
}
