import { z } from 'zod'

import { daysBetween } from '../../data/dates.ts'
import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

const row = z.object({ employeeId: z.string(), jobId: z.string(), startsOn: z.string() })

/** How far new colleagues are with their checklists. */
export const onboardingStatus: ErpTool = erpTool({
  name: 'onboarding_status',
  description:
    'Lists new colleagues with their job, the days since their first working day (negative: still to come), and the tasks on their list, done or not.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    hires: z.array(
      z.strictObject({
        employeeId: z.string(),
        jobId: z.string(),
        daysSinceStart: z.int(),
        done: z.array(z.string()),
        open: z.array(z.string()),
      }),
    ),
  }),
  run: (company) => ({
    hires: select(
      company,
      'SELECT employee_id AS employeeId, job_id AS jobId, starts_on AS startsOn FROM hires ORDER BY employee_id',
    ).map((raw) => {
      const { employeeId, jobId, startsOn } = row.parse(raw)
      const tasks = select(
        company,
        'SELECT task, done_on IS NOT NULL AS isDone FROM onboarding WHERE employee_id = ? ORDER BY task',
        employeeId,
      )
      const named = (isDone: number): string[] =>
        tasks.filter((task) => task['isDone'] === isDone).map((task) => String(task['task']))
      return {
        employeeId,
        jobId,
        daysSinceStart: daysBetween(startsOn, company.facts.asOf),
        done: named(1),
        open: named(0),
      }
    }),
  }),
})
