import { Command, Option } from 'commander'
import type { Resolution } from '@meepo/core'
import { parseNumber, shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface ResolveFlags {
  readonly done?: string
  readonly notDone?: boolean
  readonly fail?: string
  readonly config?: string
}

/** `meepo resolve` */
export function resolveCommand(): Command {
  return new Command('resolve')
    .description('Decide a step whose outcome is unknown, after finding out what really happened.')
    .argument('<run>', 'the id of the run')
    .argument('<step>', 'the number of the step, as `meepo trace` tells it', parseNumber)
    .addOption(new Option('--done <json>', 'it happened; this is its result').conflicts(['notDone', 'fail']))
    .addOption(new Option('--not-done', 'it did not happen: the step is tried again').conflicts('fail'))
    .addOption(new Option('--fail <message>', 'the step failed'))
    .addOption(shared.config())
    .action(resolve)
}

async function resolve(runId: string, step: number, flags: ResolveFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const resolution = await resolutionOf(flags)
  await withStore(flags.config, ({ engine }) => engine.handle(runId).resolve(step, resolution))
  terminal.err(`step ${step} of ${runId} is decided\n`)
}

async function resolutionOf({ done, notDone, fail }: ResolveFlags): Promise<Resolution> {
  if (notDone === true) return { kind: 'not_done' }
  if (fail !== undefined) return { kind: 'fail', error: { code: 'step.failed', message: fail, retryable: false } }
  if (done !== undefined) {
    const { parseJson } = await import('../arguments.ts')
    return { kind: 'done', result: parseJson(done, '--done') }
  }
  const { MeepoError } = await import('@meepo/core')
  throw new MeepoError('config.invalid', 'say what happened: --done JSON, --not-done or --fail MESSAGE')
}
