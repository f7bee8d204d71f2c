import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { MeepoError } from '@meepo/core'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface ImportFlags {
  readonly run?: string
  readonly config?: string
}

/** `meepo import` */
export function importCommand(): Command {
  return new Command('import')
    .description('Put an exported run into the store, under its own id. One that has not ended can be resumed.')
    .argument('<place>', 'what `meepo export` wrote: a file, - for stdin, or s3://BUCKET/PREFIX with --run')
    .addOption(new Option('--run <id>', 'which run, of an archive in S3'))
    .addOption(shared.config())
    .action(importRun)
}

async function importRun(place: string, { run, config }: ImportFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const text = place.startsWith('s3:') ? await getFrom(place, run) : readText(place)
  const { kind, runId, status } = await withStore(
    config,
    async ({ archive, store }) => {
      const pasted = await archive.import(text)
      const { status: now } = await store.log.run('system', pasted.runId)
      return { ...pasted, status: now }
    },
    { mayMake: true },
  )
  const isOpen = status === 'queued' || status === 'waiting'
  terminal.err(`${runId} ${kind === 'exists' ? 'was there already' : `is imported (${status})`}\n`)
  terminal.err(`meepo ${isOpen ? 'resume' : 'trace'} ${runId}\n`)
}

async function getFrom(place: string, runId: string | undefined): Promise<string> {
  if (runId === undefined) throw new MeepoError('config.invalid', 'an archive holds many runs: name one with --run')
  const { openArchive } = await import('meepo')
  const { archiveName } = await import('@meepo/core/archive')
  const archive = await openArchive(place)
  try {
    return await archive.get(archiveName('runs', runId))
  } finally {
    await archive.close()
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new MeepoError('input.unreadable', `${path} cannot be read (${reason})`, { cause })
  }
}
