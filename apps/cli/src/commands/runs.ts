import { Command, InvalidArgumentError, Option } from 'commander'
import type { RunFilter, RunStatus, RunSummary, Store } from '@meepo/core'
import { parseCount, shared } from '../options.ts'
import type { ListedRun } from '../render/runs-table.ts'
import { terminal } from '../terminal.ts'

interface RunsFlags {
  readonly status?: readonly RunStatus[]
  readonly limit: number
  readonly children?: boolean
  readonly config?: string
  readonly json?: boolean
}

const statuses: readonly RunStatus[] = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled']
const pageSize = 200

/** `meepo runs` */
export function runsCommand(): Command {
  return new Command('runs')
    .description('List runs, the newest first.')
    .addOption(
      new Option('--status <list>', `only these, with commas: ${statuses.join(', ')}`).argParser(parseStatuses),
    )
    .addOption(new Option('--limit <n>', 'how many').argParser(parseCount).default(20))
    .addOption(new Option('--children', 'also runs that were started by other runs'))
    .addOption(shared.config())
    .addOption(shared.json('the list'))
    .action(runs)
}

async function runs(flags: RunsFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const { runsTable } = await import('../render/runs-table.ts')
  const { missingCode } = await import('../missing-code.ts')
  const found = await withStore(flags.config, async ({ store }) => {
    const missing = await missingCode(store)
    return (await list(store, flags)).map((run): ListedRun => {
      const nobodyHas = missing(run)
      return nobodyHas === undefined ? run : { ...run, nobodyHas }
    })
  })
  if (flags.json === true) terminal.out(`${JSON.stringify(found, undefined, 2)}\n`)
  else if (found.length === 0) terminal.err('no runs\n')
  else terminal.out(runsTable(terminal, found, Date.now()))
}

/** The store lists children among the others: pages are read until there are enough. */
async function list({ log }: Store, { status, limit, children }: RunsFlags): Promise<readonly RunSummary[]> {
  const found: RunSummary[] = []
  let before: RunSummary | undefined
  do {
    const filter: RunFilter = {
      ...(status ? { status } : {}),
      ...(before ? { before: before.runId } : {}),
      limit: pageSize,
    }
    const page = await log.runs('system', filter)
    found.push(...page.filter(({ parent }) => children === true || parent === undefined))
    before = page.length === pageSize ? page.at(-1) : undefined
  } while (before !== undefined && found.length < limit)
  return found.slice(0, limit)
}

function parseStatuses(text: string): readonly RunStatus[] {
  return text.split(',').map((word) => {
    const status = statuses.find((known) => known === word.trim())
    if (status === undefined) throw new InvalidArgumentError(`known are ${statuses.join(', ')}.`)
    return status
  })
}
