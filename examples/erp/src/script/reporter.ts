import { ask, call, isAsked, number, rows, text } from './chat.ts'
import type { Answer, Conversation } from './chat.ts'

/** Sums the month up in a few sentences and has the report written. */
export function reporter(talk: Conversation): Answer {
  const jobs = rows(talk.task, 'jobs')
  const written = talk.calls.find((done) => done.name === 'write_report')
  if (written !== undefined && isAsked(talk, 'write_report'))
    return { text: JSON.stringify({ written: written.result ?? null }) }
  const most = [...jobs].sort((a, b) => number(b, 'findings') - number(a, 'findings'))[0]
  const clean = jobs.filter((job) => number(job, 'findings') === 0).map((job) => text(job, 'job'))
  const summary = [
    `${jobs.length} jobs were done for the month-end of ${text(talk.task, 'asOf')}.`,
    ...(most === undefined
      ? []
      : [`Most is to be done in ${text(most, 'job')}: ${number(most, 'findings')} findings.`]),
    ...(clean.length === 0 ? [] : [`Nothing was found in ${clean.join(', ')}.`]),
  ]
  return ask(call('write_report', { summary }))
}
