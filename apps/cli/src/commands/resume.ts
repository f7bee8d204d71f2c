import { Command, Option } from 'commander'
import type { RunLimits, RunSummary, Store } from '@meepo/core'
import { parseDuration, shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface ResumeFlags {
  readonly config?: string
  readonly json?: boolean
  readonly stream?: 'text' | 'events'
  readonly maxTurns?: number
  readonly deadline?: number
  readonly budget?: string
  readonly unpriced?: NonNullable<RunLimits['unpriced']>
  readonly from?: string
  readonly repeat?: boolean
}

/** `meepo resume` */
export function resumeCommand(): Command {
  return new Command('resume')
    .description('Let an interrupted, failed or cancelled run go on, and stay with it to its end.')
    .argument('<run>', 'the id of the run')
    .addOption(shared.config())
    .addOption(shared.json('the record of the run'))
    .addOption(shared.stream())
    .addOption(shared.maxTurns())
    .addOption(shared.budget())
    .addOption(shared.unpriced())
    .addOption(
      new Option('--deadline <duration>', 'a new deadline, counted from now, and that much more active time').argParser(
        parseDuration,
      ),
    )
    .addOption(
      new Option(
        '--from <checkpoint>',
        'let a new run go on from there (RUN@SEQ, or SEQ), and leave this one as it is',
      ),
    )
    .addOption(new Option('--repeat', 'with --from: what the run did to the world since may happen again'))
    .action(resume)
}

async function resume(runId: string, flags: ResumeFlags): Promise<void> {
  const { loadConfig } = await import('../config/load-config.ts')
  const { attend } = await import('../drive/attend.ts')
  const { Notices } = await import('../drive/notices.ts')
  const { closeEngine, openEngine, requireStore } = await import('../session.ts')
  const { definitionOf } = await import('../drive/definition-of.ts')

  const { config } = await loadConfig(flags.config)
  requireStore(config.store)
  const notices = new Notices()
  const since = Date.now()
  const meepo = await openEngine(config, notices)
  try {
    const attendance = { config: flags.config, json: flags.json, stream: flags.stream, notices, since }
    if (flags.from !== undefined) {
      const { forkFrom } = await import('../drive/fork-from.ts')
      const asked = { runId, from: flags.from, mayRepeat: flags.repeat === true, limits: await askedFor(flags) }
      const { handle, definition } = await forkFrom(meepo, config.definitions, asked)
      if (flags.stream === undefined) terminal.err(`run ${handle.runId} goes on from ${runId}\n`)
      const options = { ...attendance, runId: handle.runId, name: definition.name }
      process.exitCode = await attend(meepo, handle, terminal, options)
      return
    }
    const summary = await meepo.store.log.run('system', runId)
    const definition = definitionOf(config.definitions, summary)
    const limits = await raisedLimits(meepo.store, summary, flags)
    meepo.engine.register(definition)
    const handle = await meepo.engine.resume(runId, limits)
    if (summary.owner !== undefined) {
      terminal.err(
        `run ${runId} is driven by another process (${summary.owner}): attached to it; taken over if that is gone\n`,
      )
    } else if (flags.stream === undefined) terminal.err(`run ${runId}\n`)
    const options = { ...attendance, runId, name: definition.name }
    process.exitCode = await attend(meepo, handle, terminal, options)
  } finally {
    await closeEngine(meepo)
  }
}

/** The limits of a run that goes on from a checkpoint count from there. */
async function askedFor({ maxTurns, deadline, budget, unpriced }: ResumeFlags): Promise<Partial<RunLimits>> {
  const { askedLimits } = await import('@meepo/core')
  return {
    ...(maxTurns === undefined ? {} : { maxTurns }),
    ...(unpriced === undefined ? {} : { unpriced }),
    ...(deadline === undefined ? {} : { deadlineAt: Date.now() + deadline, activeMs: deadline }),
    ...askedLimits({ budget }),
  }
}

/** Limits are part of a run until it ends: only an ended one takes others. */
async function raisedLimits(store: Store, run: RunSummary, flags: ResumeFlags): Promise<Partial<RunLimits>> {
  const { maxTurns, deadline, budget, unpriced } = flags
  if ([maxTurns, deadline, budget, unpriced].every((asked) => asked === undefined)) return {}
  const { askedLimits, MeepoError, readRecording } = await import('@meepo/core')
  if (run.endedAt === undefined) {
    const message = `run ${run.runId} has not ended (${run.status}): its limits stay as they are; resume it without --max-turns, --deadline, --budget and --unpriced`
    throw new MeepoError('config.invalid', message)
  }
  const asked = unpriced === undefined ? {} : { unpriced }
  const turns = { ...(maxTurns === undefined ? {} : { maxTurns }), ...asked, ...askedLimits({ budget }) }
  if (deadline === undefined) return turns
  const { activeMs, limits } = readRecording(await store.log.read('system', run.runId))
  return { ...turns, deadlineAt: Date.now() + deadline, activeMs: Math.max(limits.activeMs, activeMs + deadline) }
}
