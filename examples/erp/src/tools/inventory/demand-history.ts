import { z } from 'zod'

import { erpTool } from '../tool.ts'
import type { ErpTool } from '../tool.ts'
import { demandOf } from './demand.ts'

/** The forecast for next month beside what was usual. */
export const demandHistory: ErpTool = erpTool({
  name: 'demand_history',
  description:
    'Gives for every item the forecast for the next month (average of the last three months) and the average of the months before those, in pieces.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    items: z.array(z.strictObject({ itemId: z.string(), forecast: z.int(), before: z.int() })),
  }),
  run: (company) => ({ items: demandOf(company) }),
})
