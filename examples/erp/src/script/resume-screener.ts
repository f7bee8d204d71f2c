import { ask, calculated, call, documentText, finish, isAsked, text } from './chat.ts'
import type { Answer, Conversation, Finding } from './chat.ts'
import { fieldOf, listBelow, titleOf } from './markdown.ts'
import { readPolicy, threshold } from './policy.ts'

interface Employment {
  readonly from: string
  readonly to: string
}

/** Reads one resume: a profile for the matcher, and the first thing that has to be cleared up. */
export function resumeScreener(talk: Conversation): Answer {
  const path = text(talk.task, 'resume')
  if (!isAsked(talk, 'read_document')) return ask(call('read_document', { path }), readPolicy)
  const resume = documentText(talk, path)
  const jobs = employments(resume, text(talk.task, 'asOf').slice(0, 7))
  const sure = jobs.filter((job) => job.from <= job.to)
  const total = sure.map(months).join('+') || '0'
  const gaps = gapsBetween(sure)
  if (!isAsked(talk, 'calculator'))
    return ask(call('calculator', { expressions: [total, ...gaps.map((gap) => gap.expression)] }))
  const profile = {
    candidateId: fieldOf(resume, 'Candidate'),
    name: titleOf(resume),
    skills: listBelow(resume, 'Skills'),
    months: calculated(talk, total),
  }
  if (profile.candidateId === '') talk.problems.push(`${path} names no candidate`)
  const limit = threshold(talk, 'employment_gap_months')
  const wrong = jobs.find((job) => job.from > job.to)
  const gap = gaps
    .map(({ from, to, expression }) => ({ from, to, months: calculated(talk, expression) }))
    .find((found) => found.months > limit)
  const finding = judge(profile.candidateId, resume, wrong, gap)
  return finish(talk, finding === undefined ? [] : [finding], { profile })
}

function judge(
  subject: string,
  resume: string,
  wrong: Employment | undefined,
  gap: (Employment & { months: number }) | undefined,
): Finding | undefined {
  if (subject === '') return undefined
  if (fieldOf(resume, 'Email') === '')
    return {
      kind: 'missing_contact',
      subject,
      values: { missing: 'email' },
      note: 'There is no e-mail address to answer to.',
    }
  if (['', 'none'].includes(fieldOf(resume, 'Work permit')))
    return { kind: 'no_work_permit', subject, values: {}, note: 'Needs a work permit first.' }
  if (wrong !== undefined) {
    const entry = `${wrong.from} to ${wrong.to}`
    return { kind: 'unclear_dates', subject, values: { entry }, note: `"${entry}" ends before it starts.` }
  }
  if (gap !== undefined)
    return {
      kind: 'employment_gap',
      subject,
      values: { ...gap },
      note: `Ask about the ${gap.months} months after ${gap.from}.`,
    }
  return undefined
}

function employments(resume: string, thisMonth: string): Employment[] {
  return listBelow(resume, 'Experience')
    .flatMap((line) => {
      const [, from, to] = /^(\d{4}-\d{2}) to (\d{4}-\d{2}|present)\b/.exec(line) ?? []
      return from === undefined || to === undefined ? [] : [{ from, to: to === 'present' ? thisMonth : to }]
    })
    .sort((a, b) => (a.from < b.from ? -1 : 1))
}

function gapsBetween(jobs: readonly Employment[]): (Employment & { expression: string })[] {
  const gaps: (Employment & { expression: string })[] = []
  let end = jobs[0]?.to ?? ''
  for (const job of jobs.slice(1)) {
    if (job.from > end) gaps.push({ from: end, to: job.from, expression: `${count(job.from)}-${count(end)}-1` })
    if (job.to > end) end = job.to
  }
  return gaps
}

function months(job: Employment): string {
  return `${count(job.to)}-${count(job.from)}+1`
}

function count(month: string): string {
  return `(${Number(month.slice(0, 4))}*12+${Number(month.slice(5))})`
}
