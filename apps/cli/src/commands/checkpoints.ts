import { Command, InvalidArgumentError, Option } from 'commander'
import type { Checkpoint } from '@meepo/core/archive'
import type { Meepo } from 'meepo'
import { parseCount, shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface ListFlags {
  readonly run?: string
  readonly agent?: string
  readonly held?: boolean
  readonly limit: number
  readonly config?: string
  readonly json?: boolean
}

interface HoldFlags {
  readonly name?: string
  readonly meta?: Readonly<Record<string, string>>
  readonly config?: string
}

/** `meepo checkpoints` */
export function checkpointsCommand(): Command {
  const command = new Command('checkpoints').description(
    'Durable points of runs that another run can go on from (`meepo resume RUN --from`).',
  )
  command
    .command('list')
    .description('All checkpoints of a run, or the last one of each of the newest runs and all that are held.')
    .addOption(new Option('--run <id>', 'all of this run'))
    .addOption(new Option('--agent <name>', 'only of runs of this agent, graph or workflow'))
    .addOption(new Option('--held', 'only those of which the archive has a copy'))
    .addOption(new Option('--limit <n>', 'how many runs to look at').argParser(parseCount).default(20))
    .addOption(shared.config())
    .addOption(shared.json('the list'))
    .action(list)
  command
    .command('show')
    .description('One checkpoint, with what the run had done by then.')
    .argument('<checkpoint>', 'RUN@SEQ')
    .addOption(shared.config())
    .addOption(shared.json('the checkpoint and the record of the run up to it'))
    .action(show)
  command
    .command('hold')
    .description('Put a copy into the archive, where it stays when the run is removed.')
    .argument('<checkpoint>', 'RUN@SEQ')
    .addOption(new Option('--name <text>', 'what you call it'))
    .addOption(new Option('--meta <key=value>', 'what you say about it; may be repeated').argParser(addMeta))
    .addOption(shared.config())
    .action(hold)
  command
    .command('delete')
    .description('Remove the copy of a checkpoint from the archive. The run stays as it is.')
    .argument('<checkpoint>', 'RUN@SEQ')
    .addOption(shared.config())
    .action(remove)
  return command
}

async function list(flags: ListFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const { checkpointsTable } = await import('../render/checkpoints-table.ts')
  const found = await withStore(flags.config, (meepo) => find(meepo, flags))
  if (flags.json === true) terminal.out(`${JSON.stringify(found, undefined, 2)}\n`)
  else if (found.length === 0) terminal.err('no checkpoints\n')
  else terminal.out(checkpointsTable(found, Date.now()))
}

async function find(meepo: Meepo, { run, agent, held, limit }: ListFlags): Promise<readonly Checkpoint[]> {
  const { checkpoints, store } = meepo
  const isAsked = (one: Checkpoint): boolean =>
    (held !== true || one.held !== undefined) && (agent === undefined || one.definition === agent)
  if (run !== undefined) return (await checkpoints.list(run)).filter(isAsked)
  const kept = await checkpoints.held()
  const found = new Map(kept.map((one) => [one.id, one]))
  const runs =
    held === true
      ? []
      : await store.log.runs('system', { limit, ...(agent === undefined ? {} : { definition: agent }) })
  for (const { runId } of runs) {
    const last = await checkpoints.last(runId)
    if (last && !found.has(last.id)) found.set(last.id, last)
  }
  return [...found.values()].filter(isAsked).toSorted((a, b) => b.at - a.at)
}

async function show(id: string, flags: { config?: string; json?: boolean }): Promise<void> {
  const { withStore } = await import('../session.ts')
  const { checkpointText } = await import('../render/checkpoints-table.ts')
  const view = await withStore(flags.config, ({ checkpoints }) => checkpoints.show(id))
  terminal.out(flags.json === true ? `${JSON.stringify(view, undefined, 2)}\n` : checkpointText(view))
}

async function hold(id: string, { name, meta, config }: HoldFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const options = { ...(name === undefined ? {} : { name }), ...(meta === undefined ? {} : { metadata: meta }) }
  await withStore(config, ({ checkpoints }) => checkpoints.hold(id, options))
  terminal.err(`${id} is held\n`)
}

async function remove(id: string, flags: { config?: string }): Promise<void> {
  const { withStore } = await import('../session.ts')
  await withStore(flags.config, ({ checkpoints }) => checkpoints.delete(id))
  terminal.err(`${id} is no longer held\n`)
}

function addMeta(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('it is written key=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
