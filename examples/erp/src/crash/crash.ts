import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJournalFile } from '@meepo/simulator'

import { reporter } from '../agents/reporter.ts'
import type { DemoOptions } from '../demo/options.ts'
import { startSimulator } from '../demo/simulator-process.ts'
import { databaseIn } from '../demo/state-folder.ts'
import { monthEnd } from '../workflows/month-end.ts'
import { auditCrashes } from './audit.ts'
import type { Audit, Kill } from './audit.ts'
import { differences, headerParts } from './compare-reports.ts'
import { readDurable } from './durable.ts'
import { readEffects } from './effects.ts'
import type { Totals } from './effects.ts'
import { placePoint, placeTitles, planPoints } from './plan.ts'
import type { PlannedPoint } from './plan.ts'
import { lastWords, runVictim } from './victim.ts'

const agentNames: ReadonlySet<string> = new Set([
  reporter.name,
  ...Object.values(monthEnd).flatMap((tasks) => tasks.map((task) => task.agent.name)),
])

/** A run in a folder of its own, with its own scripted model, journal and effects file. */
interface Stage {
  readonly folder: string
  readonly effects: string
  readonly journal: string
  readonly log: string
}

/** Where a run is to be stopped, and how much there is to do. */
type Course =
  | { readonly points: readonly []; readonly totals?: undefined }
  | { readonly points: readonly PlannedPoint[]; readonly totals: Totals }

/**
 * Runs the month-end once undisturbed and once with kills, and compares: reports to the byte, and executions as the scripted
 * model and the tools counted them. Returns the exit code: 1 when a promise was broken.
 */
export async function crash(options: DemoOptions): Promise<number> {
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')))
  const root = join(options.state, 'crash')
  rmSync(root, { recursive: true, force: true })
  tell('offline scripted model, first without a kill')
  const quiet = stageIn(join(root, 'undisturbed'))
  const startedAt = performance.now()
  await runStage(options, quiet, { points: [] }, interrupt.signal)
  const durable = await readDurable(databaseIn(join(quiet.folder, '.meepo/demo')), agentNames)
  const totals: Totals = {
    agents: durable.agents,
    answers: readJournalFile(quiet.journal).length,
    executions: readEffects(quiet.effects).filter(({ kind }) => kind === 'begun').length,
  }
  tell(`${totals.agents} agents, ${totals.answers} answers, ${totals.executions} executions of tools; now with kills`)

  const points = planPoints(options.seed, options.kills)
  const stage = stageIn(join(root, 'killed'))
  const kills = await runStage(options, stage, { points, totals }, interrupt.signal)
  const audit = auditCrashes(kills, readEffects(stage.effects), readJournalFile(stage.journal))
  const violations = [
    ...differences(join(quiet.folder, 'report'), join(stage.folder, 'report')).map((file) => `${file} differs`),
    ...readdirSync(join(stage.folder, 'report'))
      .filter((file) => !['report.json', 'report.md', 'snapshot.json'].includes(file))
      .map((file) => `${file} was left behind`),
    ...(kills.length < points.length ? [`only ${kills.length} of ${points.length} points were reached`] : []),
    ...(audit.steps === totals.answers + totals.executions ? [] : ['the number of steps is another one']),
    ...(audit.repeats > audit.inFlight ? ['more was repeated than was in flight'] : []),
    ...(audit.fromLog < 0.3 ? ['less than 30 % of the steps came from the log'] : []),
    ...audit.violations,
  ]
  const seconds = (performance.now() - startedAt) / 1000
  if (options.isJson) process.stdout.write(`${JSON.stringify({ points, ...audit, violations, seconds })}\n`)
  else process.stdout.write(table(points, audit, violations, `${seconds.toFixed(1)} s; both reports are below ${root}`))
  return violations.length === 0 ? 0 : 1
}

async function runStage(
  options: DemoOptions,
  stage: Stage,
  { points, totals }: Course,
  signal: AbortSignal,
): Promise<Kill[]> {
  const database = databaseIn(join(stage.folder, '.meepo/demo'))
  await using simulator = await startSimulator({ journal: stage.journal })
  const kills: Kill[] = []
  const agents = totals?.agents ?? 0
  for (const planned of [...points, undefined]) {
    const point = planned && totals ? placePoint(planned, leftOf(totals, kills.at(-1))) : undefined
    const plan = { effects: stage.effects, url: simulator.url, ...(point === undefined ? {} : { point }) }
    const end = await runVictim({ options, state: stage.folder, plan, log: stage.log }, signal)
    if (end.kind === 'ended') {
      if (end.code !== 0) throw new Error(`the demo ended with ${end.code}:\n${lastWords(stage.log)}`)
      break
    }
    const [effectLines, requests] = [readEffects(stage.effects).length, readJournalFile(stage.journal).length]
    const durable = await readDurable(database, agentNames)
    kills.push({ durable, effectLines, requests })
    if (planned)
      tell(`kill ${kills.length}: ${placeTitles[planned.place]}; ${durable.agents} of ${agents} agents begun`)
  }
  return kills
}

function leftOf(totals: Totals, last: Kill | undefined): Totals {
  if (last === undefined) return totals
  const { completed, answers } = last.durable
  return { ...totals, answers: totals.answers - answers, executions: totals.executions - (completed.size - answers) }
}

function stageIn(folder: string): Stage {
  mkdirSync(folder, { recursive: true })
  const [effects, journal, log] = ['effects.jsonl', 'journal.jsonl', 'output.txt'].map((name) => join(folder, name))
  // Three names were mapped.
  return { folder, effects: effects!, journal: journal!, log: log! }
}

function table(points: readonly PlannedPoint[], audit: Audit, violations: readonly string[], end: string): string {
  const rows = audit.kills.map(({ completed, inFlight, repeated }, at) => {
    const point = points[at]
    const share = `${((100 * completed) / audit.steps).toFixed(0)} %`
    const cells = [String(at + 1), String(completed), share, String(inFlight), String(repeated)]
    return `${cells.map((cell) => cell.padStart(10)).join('')}   ${point === undefined ? '' : placeTitles[point.place]}`
  })
  return [
    `${['kill', 'durable', 'of all', 'in flight', 'repeated'].map((cell) => cell.padStart(10)).join('')}   killed`,
    ...rows,
    '',
    `${audit.steps} steps, ${audit.executions} executions, ${audit.repeats} repeats of ${audit.inFlight} in flight at the kills`,
    `${(100 * audit.fromLog).toFixed(0)} % of the steps came from the log, on the mean of the kills; ${end}`,
    `may differ: ${headerParts.join(', ')}`,
    ...violations.slice(0, 20).map((violation) => `VIOLATION: ${violation}`),
    violations.length === 0
      ? 'the report is the same to the byte, and no durable step ran again'
      : `${violations.length} violations`,
    '',
  ].join('\n')
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
