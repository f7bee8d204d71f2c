import { ask, call, documentText, finish, isAsked, number, rows, text, texts } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'
import { fieldOf, listBelow } from './markdown.ts'

interface Job {
  readonly jobId: string
  readonly months: number
  readonly required: readonly string[]
  readonly nice: readonly string[]
}

/** Puts every candidate beside the job that fits best, and names those who miss a job by one skill. */
export function candidateMatcher(talk: Conversation): Answer {
  const paths = texts(talk.task, 'jobs')
  if (!isAsked(talk, 'read_document')) return ask(...paths.map((path) => call('read_document', { path })))
  const jobs = paths.flatMap((path) => {
    const job = readJob(documentText(talk, path))
    if (job.jobId !== '' && job.months >= 0) return [job]
    talk.problems.push(`${path} names no job or no minimum experience`)
    return []
  })
  return finish(
    talk,
    rows(talk.task, 'profiles').flatMap((profile) => match(profile, jobs)),
  )
}

function readJob(document: string): Job {
  return {
    jobId: fieldOf(document, 'Job'),
    months: Number.parseInt(fieldOf(document, 'Minimum experience'), 10) * 12,
    required: listBelow(document, 'Required'),
    nice: listBelow(document, 'Nice to have'),
  }
}

function match(profile: Row, jobs: readonly Job[]): Finding[] {
  const skills = new Set(texts(profile, 'skills').map((skill) => skill.toLowerCase()))
  const lacks = (wanted: readonly string[]): string[] => wanted.filter((skill) => !skills.has(skill.toLowerCase()))
  const subject = text(profile, 'candidateId')
  const able = jobs
    .filter((job) => number(profile, 'months') >= job.months)
    .map((job) => ({
      jobId: job.jobId,
      missing: lacks(job.required),
      niceToHave: job.nice.length - lacks(job.nice).length,
    }))
    .sort((a, b) => b.niceToHave - a.niceToHave || (a.jobId < b.jobId ? -1 : 1))
  const full = able.find((job) => job.missing.length === 0)
  if (full !== undefined) {
    return [
      {
        kind: 'match',
        subject,
        values: { jobId: full.jobId, niceToHave: full.niceToHave },
        note: `${text(profile, 'name')} fits ${full.jobId}.`,
      },
    ]
  }
  const near = able.find((job) => job.missing.length === 1)
  const missing = near?.missing[0]
  if (near === undefined || missing === undefined) return []
  return [
    {
      kind: 'near_match',
      subject,
      values: { jobId: near.jobId, missing },
      note: `${text(profile, 'name')} would fit ${near.jobId} with ${missing}.`,
    },
  ]
}
