import { Command, Option } from 'commander'
import type { AnyDefinition, Graph, RunLimits } from '@meepo/core'
import type { MeepoConfig } from 'meepo'
import { parseDuration, shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface RunFlags {
  readonly input?: string
  readonly config?: string
  readonly json?: boolean
  readonly stream?: 'text' | 'events'
  readonly maxTurns?: number
  readonly deadline?: number
  readonly budget?: string
  readonly unpriced?: NonNullable<RunLimits['unpriced']>
  readonly runId?: string
  readonly tenant?: string
  readonly actor?: string
  readonly ignoreEstimate?: boolean
}

/** `meepo run` */
export function runCommand(): Command {
  return new Command('run')
    .description('Start a definition of the configuration, or the graph of a file, and stay with it to its end.')
    .argument('<name>', 'the definition: name, name@version, or the path of a YAML or JSON file')
    .addOption(new Option('--input <json>', 'the input: JSON, @file or - for stdin; null unless given'))
    .addOption(shared.config())
    .addOption(shared.json('the record of the run'))
    .addOption(shared.stream())
    .addOption(shared.maxTurns())
    .addOption(shared.budget())
    .addOption(shared.unpriced())
    .addOption(new Option('--ignore-estimate', 'run a graph that is likely to cost more than its budget'))
    .addOption(
      new Option('--deadline <duration>', 'when the run must have ended, counted from now').argParser(parseDuration),
    )
    .addOption(new Option('--run-id <id>', 'the same id and input again attach to the same run'))
    .addOption(new Option('--tenant <name>', 'whose run it is; default unless given'))
    .addOption(new Option('--actor <name>', 'the user who starts it: budgets and limits of users count for it'))
    .action(run)
}

async function run(name: string, flags: RunFlags): Promise<void> {
  const { parseWith } = await import('@meepo/core')
  const { readInput } = await import('../arguments.ts')
  const { loadConfig, loadConfigOrDefaults } = await import('../config/load-config.ts')
  const { isGraphPath } = await import('../config/is-graph-path.ts')
  const { findRunnable } = await import('../config/find-runnable.ts')
  const { attend } = await import('../drive/attend.ts')
  const { Notices } = await import('../drive/notices.ts')
  const { closeEngine, openEngine } = await import('../session.ts')

  const { config } = await (isGraphPath(name) ? loadConfigOrDefaults(flags.config, name) : loadConfig(flags.config))
  const definition = await findRunnable(config, name)
  const input = flags.input === undefined ? null : await readInput(flags.input)
  // Before anything is opened: what is refused leaves no trace.
  parseWith(definition.input, input, 'input.invalid', `input of ${definition.name}`)
  if ('graph' in definition && flags.ignoreEstimate !== true) await refuseDear(definition, config.store, flags)

  const notices = new Notices()
  const since = Date.now()
  const meepo = await openEngine(config, notices)
  try {
    const handle = await meepo.start(definition, input, startOptions(flags))
    if (flags.stream === undefined) terminal.err(`run ${handle.runId}\n`)
    const { json, stream } = flags
    const options = { runId: handle.runId, name: definition.name, config: flags.config, json, stream, notices, since }
    process.exitCode = await attend(meepo, handle, terminal, options)
  } finally {
    await closeEngine(meepo)
  }
}

/** A graph whose past runs, or whose tasks, say that its budget will not do. */
async function refuseDear(definition: AnyDefinition, store: MeepoConfig['store'], flags: RunFlags): Promise<void> {
  const { budgetOf, checkEstimate } = await import('../graph/check-estimate.ts')
  const budget = budgetOf(definition, flags.budget)
  // Only graphs have one.
  if (budget !== undefined) await checkEstimate(definition as Graph, store, { budget, runId: flags.runId })
}

function startOptions({ runId, tenant, actor, maxTurns, deadline, budget, unpriced, stream }: RunFlags) {
  const limits = {
    ...(maxTurns === undefined ? {} : { maxTurns }),
    ...(deadline === undefined ? {} : { deadlineAt: Date.now() + deadline }),
    ...(unpriced === undefined ? {} : { unpriced }),
  }
  return {
    ...(runId === undefined ? {} : { runId }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(actor === undefined ? {} : { actor }),
    ...(stream === undefined ? {} : { isPreviewed: true }),
    ...(budget === undefined ? {} : { budget }),
    limits,
  }
}
