import { Command, Option } from 'commander'
import type { Meepo, OpenWorkflows } from 'meepo'
import type { Notices } from '../drive/notices.ts'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface WorkflowFlags {
  readonly config?: string
  readonly json?: boolean
}

interface RunFlags extends WorkflowFlags {
  readonly input?: string
  readonly stream?: 'text' | 'events'
}

/** `meepo workflows` */
export function workflowsCommand(): Command {
  const list = new Command('list')
    .description('List workflows: when they run next, when they ran last, and how many runs are going on.')
    .addOption(shared.config())
    .addOption(shared.json('the list'))
    .action(listAll)
  const run = new Command('run')
    .description('Start a run of a workflow now, with the input of its schedule, and stay with it to its end.')
    .argument('<name>', 'the workflow')
    .addOption(new Option('--input <json>', 'another input: JSON, @file or - for stdin'))
    .addOption(shared.config())
    .addOption(shared.json('the record of the run'))
    .addOption(shared.stream())
    .action(runNow)
  const change = (name: 'pause' | 'resume', description: string): Command =>
    new Command(name)
      .description(description)
      .argument('<name>', 'the workflow')
      .addOption(shared.config())
      .action((workflow: string, flags: WorkflowFlags) => changeSchedule(name, workflow, flags))
  const serve = new Command('serve')
    .description('Keep the schedules of all workflows and do the runs of all definitions, until a signal ends it.')
    .addOption(shared.config())
    .action(serveAll)
  return new Command('workflows')
    .description('Look at workflows and their schedules, start and pause them, and keep their schedules.')
    .addCommand(list, { isDefault: true })
    .addCommand(run)
    .addCommand(change('pause', 'Start no more runs by the schedule, in any process. What runs goes on.'))
    .addCommand(change('resume', 'Start runs by the schedule again. What was missed meanwhile is not made up for.'))
    .addCommand(serve)
}

async function listAll({ config, json }: WorkflowFlags): Promise<void> {
  const { workflowsTable } = await import('../render/workflows-table.ts')
  const { views, broken } = await withWorkflows(config, async ({ workflows, ...opened }) => {
    return { views: await workflows.list(), broken: opened.broken }
  })
  // The list is not whole.
  if (broken.length > 0) process.exitCode = 2
  if (json === true) terminal.out(`${JSON.stringify(views, undefined, 2)}\n`)
  else if (views.length > 0) terminal.out(workflowsTable(terminal, views, Date.now()))
  else if (broken.length === 0) terminal.err('the configuration has no workflows: make one with defineWorkflow\n')
}

async function changeSchedule(change: 'pause' | 'resume', name: string, { config }: WorkflowFlags): Promise<void> {
  await withWorkflows(config, ({ workflows }) => workflows[change](name))
  terminal.err(`the schedule of ${name} is ${change === 'pause' ? 'paused' : 'not paused'}\n`)
}

async function runNow(name: string, flags: RunFlags): Promise<void> {
  const { readInput } = await import('../arguments.ts')
  const { attend } = await import('../drive/attend.ts')
  const { Notices: Collected } = await import('../drive/notices.ts')
  const input = flags.input === undefined ? undefined : await readInput(flags.input)
  const notices = new Collected()
  const since = Date.now()
  await withWorkflows(
    flags.config,
    async ({ meepo, workflows }) => {
      const isPreviewed = flags.stream === undefined ? {} : { isPreviewed: true }
      const handle = await workflows.runNow(name, input, isPreviewed)
      if (flags.stream === undefined) terminal.err(`run ${handle.runId}\n`)
      const { config, json, stream } = flags
      const options = { runId: handle.runId, name, config, json, stream, notices, since }
      process.exitCode = await attend(meepo, handle, terminal, options)
    },
    notices,
  )
}

async function serveAll({ config: named }: WorkflowFlags): Promise<void> {
  const { loadConfig } = await import('../config/load-config.ts')
  const { serve } = await import('../drive/serve.ts')
  const { config } = await loadConfig(named)
  await serve(config, terminal)
}

interface Opened {
  readonly meepo: Meepo
  readonly workflows: OpenWorkflows
  /** Files that are wrong, and were told. */
  readonly broken: readonly string[]
}

/** Opens the workflows of the configuration without keeping their schedules. */
async function withWorkflows<T>(
  named: string | undefined,
  use: (opened: Opened) => Promise<T>,
  notices?: Notices,
): Promise<T> {
  const { isWorkflow, openWorkflows } = await import('meepo')
  const { loadConfig } = await import('../config/load-config.ts')
  const { closeEngine, openEngine } = await import('../session.ts')
  const { config, broken } = await loadConfig(named)
  const meepo = await openEngine(config, notices)
  try {
    return await use({ meepo, broken, workflows: openWorkflows(meepo, config.definitions.filter(isWorkflow)) })
  } finally {
    await closeEngine(meepo)
  }
}
