import { ask, call, documentText, finish, isAsked, number, rowsFrom, text, texts } from './chat.ts'
import type { Answer, Conversation, Finding } from './chat.ts'
import { tableBelow } from './markdown.ts'

/** Compares the checklist with what was done for each new colleague. */
export function onboarder(talk: Conversation): Answer {
  if (!isAsked(talk, 'onboarding_status'))
    return ask(call('onboarding_status'), call('read_document', { path: 'onboarding.md' }))
  const checklist = tableBelow(documentText(talk, 'onboarding.md'), 'Tasks')
  const findings = rowsFrom(talk, 'onboarding_status', 'hires').flatMap((hire) =>
    checklist.flatMap((row): Finding[] => {
      const task = row['task'] ?? ''
      const dueDay = Number(row['due day'])
      const jobs = (row['jobs'] ?? '').split(';').map((job) => job.trim())
      const subject = `${text(hire, 'employeeId')}/${task}`
      if (!jobs.includes('all') && !jobs.includes(text(hire, 'jobId'))) return []
      if (texts(hire, 'done').includes(task)) return []
      if (!texts(hire, 'open').includes(task))
        return [{ kind: 'task_missing', subject, values: { dueDay }, note: `"${task}" was never put on the list.` }]
      const daysLate = number(hire, 'daysSinceStart') - dueDay
      return daysLate > 0
        ? [{ kind: 'task_overdue', subject, values: { dueDay, daysLate }, note: `"${task}" is ${daysLate} days late.` }]
        : []
    }),
  )
  return finish(talk, findings)
}
