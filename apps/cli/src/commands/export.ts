import { writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { MeepoError } from '@meepo/core'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface ExportFlags {
  readonly to?: string
  readonly config?: string
}

/** `meepo export` */
export function exportCommand(): Command {
  return new Command('export')
    .description('Write a run with everything below it as portable text: its logs, values and costs.')
    .argument('<run>', 'the id of the run')
    .addOption(new Option('--to <place>', 'a file, or s3://BUCKET/PREFIX; stdout unless given'))
    .addOption(shared.config())
    .action(exportRun)
}

async function exportRun(runId: string, { to, config }: ExportFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const text = await withStore(config, ({ archive }) => archive.export(runId))
  if (to === undefined) {
    terminal.out(text)
    return
  }
  if (to.startsWith('s3:')) await putInto(to, runId, text)
  else writeNew(to, text)
  terminal.err(`${runId} is in ${to}\n`)
}

async function putInto(place: string, runId: string, text: string): Promise<void> {
  const { openArchive } = await import('meepo')
  const { archiveName } = await import('@meepo/core/archive')
  const archive = await openArchive(place)
  try {
    await archive.put(archiveName('runs', runId), text)
  } finally {
    await archive.close()
  }
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new MeepoError('archive.failed', `${path} cannot be written (${reason})`, { cause })
  }
}
