import { z } from 'zod'

import { addDays, weekday } from '../../data/dates.ts'
import { erpTool } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** The days on which payments leave. */
export const paymentCalendar: ErpTool = erpTool({
  name: 'payment_calendar',
  description: 'Lists the next days on which payments are sent, from the as-of date on.',
  effect: 'read',
  input: z.strictObject({ runs: z.int().min(1).max(52) }),
  output: z.strictObject({ days: z.array(z.string()) }),
  run: ({ facts }, { runs }) => {
    const first = addDays(facts.asOf, ((facts.paymentWeekday - weekday(facts.asOf) + 6) % 7) + 1)
    return { days: Array.from({ length: runs }, (_, week) => addDays(first, 7 * week)) }
  },
})
