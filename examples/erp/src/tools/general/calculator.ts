import { z } from 'zod'

import { erpTool } from '../tool.ts'
import type { ErpTool } from '../tool.ts'
import { ExpressionError, evaluate } from './expression.ts'
import { toDecimal } from './rational.ts'

/** Exact arithmetic for agents, which are not to compute in their heads. One bad expression spoils only itself. */
export const calculator: ErpTool = erpTool({
  name: 'calculator',
  description:
    'Computes expressions exactly: + - * / ( ), round(x, decimals), ceil, floor, abs, min, max. Halves are rounded away from zero. Answers in the order of the expressions.',
  effect: 'read',
  input: z.strictObject({ expressions: z.array(z.string().min(1).max(100_000)).min(1).max(1000) }),
  output: z.strictObject({
    results: z.array(
      z.strictObject({
        expression: z.string(),
        value: z.string().optional(),
        isExact: z.boolean().optional(),
        error: z.string().optional(),
      }),
    ),
  }),
  run: (_company, { expressions }) => ({ results: expressions.map(compute) }),
})

function compute(expression: string): Record<string, unknown> {
  try {
    const { text, isExact } = toDecimal(evaluate(expression))
    return { expression, value: text, isExact }
  } catch (error) {
    if (error instanceof ExpressionError) return { expression, error: error.message }
    throw error
  }
}
