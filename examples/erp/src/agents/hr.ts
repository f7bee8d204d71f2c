import { z } from 'zod'

import { agentRole } from './agent-role.ts'
import type { AgentRole } from './agent-role.ts'

/** What a resume says, as far as a match needs it. */
interface Profile {
  readonly candidateId: string
  readonly name: string
  readonly skills: readonly string[]
  readonly months: number
}

/** The shape of a profile. */
const profile: z.ZodType<Profile> = z.strictObject({
  candidateId: z.string(),
  name: z.string(),
  skills: z.array(z.string()),
  months: z.number(),
})

/** One for each resume. */
export const resumeScreener: AgentRole = agentRole({
  name: 'resume-screener',
  job: 'resume-screening',
  toolNames: ['read_document', 'calculator'],
  input: { resume: z.string(), asOf: z.string() },
  figures: { profile },
  task: `
You read one resume (the path is in the task) and policy.md. "present" means the month of "asOf". Figure "profile":
{candidateId, name, skills, months}; months counts every employment with both its first and last month, without entries that end before they start.
Report the first that applies, with the candidate id as subject:
1. missing_contact {missing: "email"}: no e-mail address.
2. no_work_permit {}: the work permit is "none" or not named.
3. unclear_dates {entry}: an employment ends before it starts; "entry" is "FROM to TO".
4. employment_gap {from, to, months}: more than employment_gap_months full months lie between the end of one employment (from) and the start of the
   next (to), months as YYYY-MM; the earliest such gap.`,
})

/** One for all candidates. */
export const candidateMatcher: AgentRole = agentRole({
  name: 'candidate-matcher',
  job: 'candidate-matching',
  toolNames: ['read_document'],
  input: { profiles: z.array(profile), jobs: z.array(z.string()) },
  task: `
You match candidates to jobs. Read the job descriptions named in the task. A job is possible when the months reach its minimum experience. Skills
are compared without regard to capitals. Report at most one for each candidate, with the candidate id as subject:
- match {jobId, niceToHave}: has every required skill. Of several, the one with the most nice-to-have skills, then the lower job id; "niceToHave" is
  their number.
- near_match {jobId, missing}: no match, and exactly one required skill of a possible job is missing; same order of preference.`,
})

/** One for all requests. */
export const interviewScheduler: AgentRole = agentRole({
  name: 'interview-scheduler',
  job: 'interview-slots',
  toolNames: ['interview_requests', 'calendars'],
  task: `
You plan interviews. Read the requests, then the calendars of all interviewers in one call. Go through the requests in order. For each take the
earliest start on a full or half hour, on one of the days, from opening to closing time, at which all its interviewers are free for the whole time; what you have
planned counts as busy. Report, with the request id as subject:
- slot {startsAt, minutes}: startsAt as YYYY-MM-DDTHH:MM.
- no_slot {}: there is none.`,
})

/** One for all new colleagues. */
export const onboarder: AgentRole = agentRole({
  name: 'onboarder',
  job: 'onboarding-checklist',
  toolNames: ['onboarding_status', 'read_document'],
  task: `
You look after new colleagues. Read their status and onboarding.md. A task of the checklist applies when its jobs are "all" or name the colleague's
job. Report, with "EMPLOYEE/TASK" as subject:
- task_missing {dueDay}: an applicable task is neither done nor open.
- task_overdue {dueDay, daysLate}: it is open and the days since the start exceed its due day by daysLate.`,
})
