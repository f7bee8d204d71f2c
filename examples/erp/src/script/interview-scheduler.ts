import { asRow, ask, call, finish, isAsked, number, rowsFrom, text, texts } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'

interface Meeting {
  readonly interviewerId: string
  readonly startsAt: string
  readonly endsAt: string
}

/** Gives each request, in order, the first half hour at which all its interviewers are free. */
export function interviewScheduler(talk: Conversation): Answer {
  if (!isAsked(talk, 'interview_requests')) return ask(call('interview_requests'))
  const requests = rowsFrom(talk, 'interview_requests', 'requests')
  const people = [...new Set(requests.flatMap((request) => texts(request, 'interviewers')))]
  if (people.length > 0 && !isAsked(talk, 'calendars')) return ask(call('calendars', { interviewers: people }))
  const busy: Meeting[] = rowsFrom(talk, 'calendars', 'busy').map((row) => ({
    interviewerId: text(row, 'interviewerId'),
    startsAt: text(row, 'startsAt'),
    endsAt: text(row, 'endsAt'),
  }))
  if (talk.problems.length > 0) return finish(talk, [])
  const frame = asRow(talk.calls.find((done) => done.name === 'interview_requests')?.result)
  return finish(
    talk,
    requests.map((request) => plan(request, starts(frame), text(frame, 'closesAt'), busy)),
  )
}

function plan(request: Row, candidates: readonly string[], closesAt: string, busy: Meeting[]): Finding {
  const subject = text(request, 'requestId')
  const minutes = number(request, 'minutes')
  const people = texts(request, 'interviewers')
  for (const startsAt of candidates) {
    const endsAt = after(startsAt, minutes)
    const isBusy =
      endsAt.slice(11) > closesAt ||
      busy.some(
        (meeting) => people.includes(meeting.interviewerId) && startsAt < meeting.endsAt && endsAt > meeting.startsAt,
      )
    if (isBusy) continue
    for (const interviewerId of people) busy.push({ interviewerId, startsAt, endsAt })
    return {
      kind: 'slot',
      subject,
      values: { startsAt, minutes },
      note: `${people.join(' and ')} are free at ${startsAt.replace('T', ' ')}.`,
    }
  }
  return {
    kind: 'no_slot',
    subject,
    values: {},
    note: `${people.join(' and ')} are never free together; widen the window.`,
  }
}

/** Every half hour of every working day. */
function starts(frame: Row): string[] {
  return texts(frame, 'days').flatMap((day) => {
    const times: string[] = []
    for (let at = `${day}T${text(frame, 'opensAt')}`; at < `${day}T${text(frame, 'closesAt')}`; at = after(at, 30))
      times.push(at)
    return times
  })
}

function after(time: string, minutes: number): string {
  const total = Number(time.slice(11, 13)) * 60 + Number(time.slice(14)) + minutes
  return `${time.slice(0, 11)}${String(Math.floor(total / 60)).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}`
}
