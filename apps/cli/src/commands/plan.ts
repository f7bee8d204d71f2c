import { Command, Option } from 'commander'
import type { KnownConfig } from '../config/load-config.ts'
import type { Goal, Json, Planner, WorkerMeasures } from '@meepo/core'
import { parseDuration, shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface PlanFlags {
  readonly planner?: string
  readonly context?: string
  readonly yes?: boolean
  readonly config?: string
  readonly json?: boolean
  readonly budget?: string
  readonly deadline?: number
  readonly runId?: string
  readonly tenant?: string
}

/** `meepo plan` */
export function planCommand(): Command {
  return new Command('plan')
    .description('Have a planner make a plan for a goal, show it with its estimate, and carry it out.')
    .argument('<goal>', 'what is to be achieved, in words')
    .addOption(new Option('--planner <name>', 'which planner of the configuration; not needed when it has only one'))
    .addOption(new Option('--context <json>', 'what is known already: JSON, @file or - for stdin'))
    .addOption(new Option('--yes', 'carry the plan out without asking'))
    .addOption(shared.config())
    .addOption(shared.json('the record of the run'))
    .addOption(shared.budget())
    .addOption(
      new Option('--deadline <duration>', 'when the run must have ended, counted from now').argParser(parseDuration),
    )
    .addOption(new Option('--run-id <id>', 'the same id and goal again attach to the same run'))
    .addOption(new Option('--tenant <name>', 'whose run it is; default unless given'))
    .action(plan)
}

async function plan(goal: string, flags: PlanFlags): Promise<void> {
  const { readInput } = await import('../arguments.ts')
  const { loadConfig } = await import('../config/load-config.ts')
  const { attend } = await import('../drive/attend.ts')
  const { Notices } = await import('../drive/notices.ts')
  const { decidePlan } = await import('../drive/decide-plan.ts')
  const { measuredFor } = await import('../graph/measured-workers.ts')
  const { closeEngine, openEngine } = await import('../session.ts')

  const { config } = await loadConfig(flags.config)
  const planner = await findPlanner(config, flags.planner)
  const context = flags.context === undefined ? undefined : await readInput(flags.context)
  const measured = await measuredFor(config.store, planner, flags)
  const notices = new Notices()
  const since = Date.now()
  const meepo = await openEngine(config, notices)
  try {
    const handle = await meepo.start(planner, inputOf(goal, context, measured, flags), startOptions(flags))
    const { runId } = handle
    const hint = { runId, config: flags.config }
    terminal.err(`run ${runId}\n`)
    if (await decidePlan(handle, terminal, { ...hint, isAsked: flags.yes !== true })) {
      process.exitCode = await attend(meepo, handle, terminal, {
        ...hint,
        name: planner.name,
        json: flags.json,
        notices,
        since,
      })
    } else process.exitCode = 5
  } finally {
    await closeEngine(meepo)
  }
}

async function findPlanner({ definitions }: KnownConfig, name: string | undefined): Promise<Planner> {
  const { isPlanner, MeepoError } = await import('@meepo/core')
  const { findDefinition, knownDefinitions } = await import('../config/known-definitions.ts')
  if (name !== undefined) {
    const found = findDefinition(definitions, name)
    if (isPlanner(found)) return found
    throw new MeepoError('config.invalid', `${name} is no planner: make one with definePlanner`)
  }
  const all = [...knownDefinitions(definitions).values()].filter(isPlanner)
  const [only] = all
  if (only && all.length === 1) return only
  const names = all.map((one) => one.name).join(', ')
  throw new MeepoError(
    'config.invalid',
    only
      ? `name one of the planners ${names} with --planner`
      : 'the configuration has no planner: make one with definePlanner',
  )
}

function inputOf(
  goal: string,
  context: Json | undefined,
  measured: WorkerMeasures | undefined,
  { yes }: PlanFlags,
): Goal {
  return {
    goal,
    ...(context === undefined ? {} : { context }),
    ...(yes === true ? {} : { ask: true }),
    ...(measured === undefined ? {} : { measured }),
  }
}

function startOptions({ runId, tenant, deadline, budget }: PlanFlags) {
  return {
    ...(runId === undefined ? {} : { runId }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(budget === undefined ? {} : { budget }),
    ...(deadline === undefined ? {} : { limits: { deadlineAt: Date.now() + deadline } }),
  }
}
