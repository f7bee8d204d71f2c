import { z } from 'zod'

import { previousReport as shape } from '../../data/company.ts'
import { erpTool } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** What was known when the last report was written. */
export const previousReport: ErpTool = erpTool({
  name: 'previous_report',
  description:
    'Reads what the last report recorded: bank accounts and terms of the suppliers, list prices, expense limits.',
  effect: 'read',
  input: z.strictObject({}),
  output: shape,
  run: ({ previous }) => previous,
})
