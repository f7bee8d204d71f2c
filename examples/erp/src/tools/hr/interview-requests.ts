import { z } from 'zod'

import { addDays, weekday } from '../../data/dates.ts'
import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** Which interviews are wanted, and the days on which they may be held. */
export const interviewRequests: ErpTool = erpTool({
  name: 'interview_requests',
  description:
    'Lists the interviews to be planned (who must be there, how long) and the working days on which they may take place.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    days: z.array(z.string()),
    opensAt: z.string(),
    closesAt: z.string(),
    requests: z.array(z.strictObject({ requestId: z.string(), interviewers: z.array(z.string()), minutes: z.int() })),
  }),
  run: (company) => {
    const { interviewFrom, interviewTo } = company.facts
    const days: string[] = []
    for (let day = interviewFrom; day <= interviewTo; day = addDays(day, 1)) {
      if (weekday(day) > 0 && weekday(day) < 6) days.push(day)
    }
    const requests = select(
      company,
      'SELECT request_id AS requestId, interviewers, minutes FROM interviews ORDER BY request_id',
    ).map((request) => ({
      ...request,
      interviewers: String(request['interviewers'])
        .split(';')
        .map((name) => name.trim()),
    }))
    return { days, opensAt: '09:00', closesAt: '17:00', requests }
  },
})
