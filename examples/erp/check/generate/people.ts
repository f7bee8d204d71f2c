import { id, shift } from './world.ts'
import type { World } from './world.ts'

interface Job {
  readonly id: string
  readonly title: string
  readonly years: number
  readonly required: readonly string[]
  readonly nice: readonly string[]
}

const jobs: readonly Job[] = [
  {
    id: 'J-1',
    title: 'Backend engineer',
    years: 3,
    required: ['TypeScript', 'PostgreSQL', 'Docker'],
    nice: ['Rust', 'Kafka'],
  },
  { id: 'J-2', title: 'Accountant', years: 4, required: ['Bookkeeping', 'IFRS', 'SAP'], nice: ['English', 'Power BI'] },
  {
    id: 'J-3',
    title: 'Warehouse lead',
    years: 2,
    required: ['Logistics', 'Forklift', 'Scheduling'],
    nice: ['First aid', 'Polish'],
  },
]
const otherSkills = ['Photography', 'Sales', 'Teaching', 'Welding', 'Gardening', 'Translation', 'Catering', 'Design']
const firstNames = [
  'Anna',
  'Ben',
  'Clara',
  'David',
  'Elif',
  'Finn',
  'Greta',
  'Hugo',
  'Ida',
  'Jonas',
  'Kim',
  'Lea',
  'Milan',
  'Nora',
]
const lastNames = [
  'Arndt',
  'Brandt',
  'Czerny',
  'Demir',
  'Ebert',
  'Franke',
  'Günther',
  'Huber',
  'Ilić',
  'Jansen',
  'Kowalski',
  'Lorenz',
]
const total = 46

type Fit = 'match' | 'near_match' | 'none'
type Flaw = 'clean' | 'missing_contact' | 'employment_gap' | 'no_work_permit' | 'unclear_dates'

/** Job descriptions and resumes, with the kinds of screening and matching. */
export function makeCandidates(world: World): void {
  const { chance } = world
  for (const job of jobs) {
    world.files.set(
      `jobs/${job.id.toLowerCase()}.md`,
      `# ${job.title}

- Job: ${job.id}
- Minimum experience: ${job.years} years

## Required

${job.required.map((skill) => `- ${skill}`).join('\n')}

## Nice to have

${job.nice.map((skill) => `- ${skill}`).join('\n')}
`,
    )
  }
  const places = chance.shuffled(Array.from({ length: total }, (_, at) => at))
  const flaws = new Map<number, Flaw>()
  const forFlaws = [...places]
  for (const kind of ['missing_contact', 'employment_gap', 'no_work_permit', 'unclear_dates'] as const) {
    for (const at of forFlaws.splice(0, world.plants())) flaws.set(at, kind)
  }
  // Unclear dates leave the experience open, so these people are planted without the skills of any job.
  const forFits = chance.shuffled(places.filter((at) => flaws.get(at) !== 'unclear_dates'))
  const fits = new Map<number, Fit>()
  for (const kind of ['match', 'near_match'] as const)
    for (const at of forFits.splice(0, world.plants())) fits.set(at, kind)
  for (let at = 0; at < total; at++) writeResume(world, at, fits.get(at) ?? 'none', flaws.get(at) ?? 'clean')
}

function writeResume(world: World, at: number, fit: Fit, flaw: Flaw): void {
  const { chance } = world
  const candidate = id('C', at + 1, 3)
  const job = chance.one(jobs)
  const gone = chance.one(job.required)
  const tooYoung = fit === 'none' && flaw !== 'unclear_dates' && chance.between(1, 4) === 1
  const nice = job.nice.filter(() => chance.between(0, 1) === 1)
  const skills =
    fit === 'match' || tooYoung
      ? [...job.required, ...nice]
      : fit === 'near_match'
        ? [...job.required.filter((skill) => skill !== gone), ...nice]
        : [chance.one(job.required), ...nice]
  const shown = chance.shuffled([...skills, ...chance.shuffled(otherSkills).slice(0, chance.between(1, 3))])
  const name = `${chance.one(firstNames)} ${chance.one(lastNames)}`
  const months = tooYoung ? job.years * 12 - chance.between(1, 10) : job.years * 12 + chance.between(0, 60)
  const resume = `resumes/${candidate.toLowerCase()}.md`
  const experience = plantExperience(world, candidate, months, flaw)
  const email = `${name
    .toLowerCase()
    .replaceAll(' ', '.')
    .normalize('NFD')
    .replaceAll(/[^a-z.]/g, '')}@example.com`
  if (flaw === 'missing_contact') world.expect('resume-screening', flaw, candidate, { missing: 'email' })
  if (flaw === 'no_work_permit') world.expect('resume-screening', flaw, candidate, {})
  if (fit === 'match')
    world.expect('candidate-matching', 'match', candidate, { jobId: job.id, niceToHave: nice.length })
  if (fit === 'near_match')
    world.expect('candidate-matching', 'near_match', candidate, { jobId: job.id, missing: gone })
  world.files.set(
    resume,
    `# ${name}

- Candidate: ${candidate}
${flaw === 'missing_contact' ? '' : `- Email: ${email}\n`}- Phone: +49 30 ${chance.between(1000000, 9999999)}
- Work permit: ${flaw === 'no_work_permit' ? 'none' : chance.one(['EU citizen', 'Blue Card', 'unlimited'])}

${chance.one(['Looking for a place to grow.', 'Reliable, curious, on time.', 'Recommended by a former colleague.'])}

## Skills

${shown.map((skill) => `- ${skill}`).join('\n')}

## Experience

${experience.map((line) => `- ${line}`).join('\n')}
`,
  )
}

/** Builds employments backwards from today that add up to exactly the months. */
function plantExperience(world: World, candidate: string, months: number, flaw: Flaw): string[] {
  const { chance } = world
  const asOf = 2026 * 12 + 9
  const label = (month: number): string => `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`
  const later = chance.between(3, months - 3)
  const role = (): string => chance.one(['Assistant', 'Specialist', 'Lead', 'Trainee', 'Freelancer'])
  const firm = (): string => chance.one(['Nordwind AG', 'Talhof', 'Meyer & Co', 'Stadtwerke', 'own business'])
  const laterStart = asOf - later + 1
  const gap = flaw === 'employment_gap' ? chance.between(7, 20) : chance.between(0, 6)
  const earlierEnd = laterStart - 1 - gap
  const earlierStart = earlierEnd - (months - later) + 1
  if (flaw === 'employment_gap') {
    world.expect('resume-screening', flaw, candidate, { from: label(earlierEnd), to: label(laterStart), months: gap })
  }
  const current = `${label(laterStart)} to present: ${role()}, ${firm()}`
  if (flaw === 'unclear_dates') {
    const wrong = `${label(earlierEnd)} to ${label(earlierEnd - chance.between(2, 20))}`
    world.expect('resume-screening', flaw, candidate, { entry: wrong })
    return [current, `${wrong}: ${role()}, ${firm()}`]
  }
  return [current, `${label(earlierStart)} to ${label(earlierEnd)}: ${role()}, ${firm()}`]
}

/** Interview requests and calendars that leave open exactly the planned slot, or none. */
export function makeInterviews(world: World): void {
  const { chance } = world
  const days = ['02', '03', '04', '05', '06', '09', '10', '11', '12', '13'].map((day) => `2026-11-${day}`)
  const clock = (half: number): string =>
    `${String(9 + Math.floor(half / 2)).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`
  const people: (string | number)[][] = []
  const busy: (string | number)[][] = []
  const requests: (string | number)[][] = []
  const kinds = chance.shuffled([
    ...Array.from({ length: world.plants() }, () => 'slot'),
    ...Array.from({ length: world.plants() }, () => 'no_slot'),
  ])
  kinds.forEach((kind, at) => {
    const pair = [id('P', 2 * at + 1, 2), id('P', 2 * at + 2, 2)]
    for (const person of pair) people.push([person, `${chance.one(firstNames)} ${chance.one(lastNames)}`])
    const request = id('R', at + 1, 2)
    const halves = chance.one([1, 2, 3])
    const dayAt = kind === 'slot' ? chance.between(0, days.length - 1) : days.length
    const free = chance.between(0, 16 - halves)
    const block = (person: string, day: string, from: number, to: number): void => {
      if (to > from)
        busy.push([
          person,
          `${day}T${clock(from)}`,
          `${day}T${clock(to)}`,
          chance.one(['Planning', 'Customer', 'Travel, on site', 'Focus']),
        ])
    }
    days.forEach((day, index) => {
      const one = chance.one(pair)
      const other = pair.find((person) => person !== one) ?? one
      if (index < dayAt) {
        // Nobody is free together: one until noon, the other from then on, or one for the whole day.
        const turn = chance.between(1, 16)
        block(one, day, 0, turn)
        block(other, day, turn, 16)
      } else if (index === dayAt) {
        block(one, day, 0, free)
        block(other, day, free + halves, 16)
      }
    })
    requests.push([request, `Candidate of ${request}`, chance.one(jobs).id, pair.join('; '), halves * 30])
    if (kind === 'slot')
      world.expect('interview-slots', 'slot', request, {
        startsAt: `${days[dayAt]}T${clock(free)}`,
        minutes: halves * 30,
      })
    else world.expect('interview-slots', 'no_slot', request, {})
  })
  world.csv('interviewers.csv', 'interviewer_id,name', people)
  world.csv('calendars.csv', 'interviewer_id,starts_at,ends_at,title', busy)
  world.csv('interviews.csv', 'request_id,candidate,job_id,interviewers,minutes', requests)
}

/** New colleagues and their checklists with tasks that are late or were forgotten. */
export function makeHires(
  world: World,
  tasks: readonly { readonly task: string; readonly jobs: string; readonly dueDay: number }[],
): void {
  const { chance, asOf } = world
  const hires: (string | number)[][] = []
  const rows: { employee: string; task: string; dueDay: number; since: number }[] = []
  for (let at = 0; at < 14; at++) {
    const employee = id('E', at + 101, 3)
    const since = chance.between(-20, 60)
    const job = chance.one(jobs).id
    hires.push([employee, `${chance.one(firstNames)} ${chance.one(lastNames)}`, job, shift(asOf, -since)])
    for (const task of tasks) {
      if (task.jobs === 'all' || task.jobs.split('; ').includes(job))
        rows.push({ employee, task: task.task, dueDay: task.dueDay, since })
    }
  }
  const order = chance.shuffled(rows)
  const forgotten = new Set(order.splice(0, world.plants()))
  const late = new Set(order.filter((row) => row.since > row.dueDay).slice(0, world.plants()))
  for (const row of forgotten)
    world.expect('onboarding-checklist', 'task_missing', `${row.employee}/${row.task}`, { dueDay: row.dueDay })
  for (const row of late) {
    world.expect('onboarding-checklist', 'task_overdue', `${row.employee}/${row.task}`, {
      dueDay: row.dueDay,
      daysLate: row.since - row.dueDay,
    })
  }
  world.csv('hires.csv', 'employee_id,name,job_id,starts_on', hires)
  world.csv(
    'onboarding.csv',
    'employee_id,task,done_on',
    rows
      .filter((row) => !forgotten.has(row))
      .map((row) => {
        const isDue = row.since > row.dueDay
        const done = isDue && !late.has(row) ? shift(asOf, -chance.between(0, row.since - row.dueDay)) : ''
        return [row.employee, row.task, done]
      }),
  )
}
