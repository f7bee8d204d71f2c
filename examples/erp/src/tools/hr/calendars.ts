import { z } from 'zod'

import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** When interviewers are busy. */
export const calendars: ErpTool = erpTool({
  name: 'calendars',
  description: 'Lists the appointments of interviewers; outside of them they are free.',
  effect: 'read',
  input: z.strictObject({ interviewers: z.array(z.string()).min(1).max(200) }),
  output: z.strictObject({
    busy: z.array(z.strictObject({ interviewerId: z.string(), startsAt: z.string(), endsAt: z.string() })),
  }),
  run: (company, { interviewers }) => ({
    busy: select(
      company,
      `
      SELECT interviewer_id AS interviewerId, starts_at AS startsAt, ends_at AS endsAt FROM calendars
      WHERE interviewer_id IN (SELECT value FROM json_each(?)) ORDER BY interviewer_id, starts_at`,
      JSON.stringify(interviewers),
    ),
  }),
})
