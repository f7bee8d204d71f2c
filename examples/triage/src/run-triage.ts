import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chooseModel, costTable, ExampleError, readOptions, runExample } from 'meepo-example-kit'

import { Approvals } from './approvals.ts'
import type { Decider } from './approvals.ts'
import { loadCase } from './load-case.ts'
import { worldIn } from './remediations.ts'
import type { World } from './remediations.ts'
import { reportMarkdown } from './report.ts'
import { script } from './script/script.ts'
import { triageGraph } from './triage-graph.ts'

const usage = `usage: npm start -w meepo-example-triage -- [ALERTS.json] [options]
  ALERTS.json    the alerts; those of the data folder unless said
  --data FOLDER  services.json and logs/*.txt; those of the example unless said
  --approve      say yes to every remediation
  --deny         say no to every remediation; without both a terminal asks, and without a terminal the runs wait
  --json         the incidents as JSON on stdout
  --model NAME   provider:model, or "offline" for the scripted model in spite of a key`

const shipped = join(import.meta.dirname, '../data')
const specs = { data: 'text', approve: 'flag', deny: 'flag', json: 'flag', model: 'text', help: 'flag' } as const

/** What surrounds a night; replaced by checks. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Puts itself between the tool and what it changes. */
  readonly around?: (world: World) => World
}

/** The whole command; resolves with its exit code: 3 when a person has to decide first. */
export async function runTriage(args: readonly string[], around: Surroundings): Promise<number> {
  const { words, texts, flags } = readOptions(args, specs, { maxWords: 1, usage })
  if (flags.help) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  if (flags.approve && flags.deny)
    throw new ExampleError('example.bad_option', '--approve and --deny exclude each other', usage)
  const here = around.env['INIT_CWD'] ?? process.cwd()
  const [alerts] = words
  const folder = texts.data === undefined ? shipped : resolve(here, texts.data)
  const night = loadCase(folder, alerts === undefined ? undefined : resolve(here, alerts))
  const state = join(here, '.meepo/triage')
  const remediations = join(state, 'remediations.jsonl')
  const world = worldIn(remediations)

  const rest = new AbortController()
  const approvals = new Approvals(deciderFor(flags), () => rest.abort())
  try {
    const end = await runExample({
      definition: triageGraph(night, around.around?.(world) ?? world),
      input: { alerts: night.alerts },
      identity: ['triage', night.fingerprint],
      afterFailure: 'resume',
      state,
      model: chooseModel(texts.model, around.env),
      script,
      watch: approvals.watch,
      signal: AbortSignal.any([around.signal, rest.signal]),
    })
    await approvals.settled()
    const { result, error } = end.record
    if (result === undefined) {
      process.stderr.write(`${error?.code ?? 'run.failed'}: ${error?.message ?? 'no result'}\n`)
      return 1
    }
    process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : `${reportMarkdown(result)}\n`)
    const done = existsSync(remediations) ? `what was done: ${remediations}\n` : 'nothing was done\n'
    process.stderr.write(`\n${costTable(end)}${done}`)
    return 0
  } catch (thrown) {
    if (!rest.signal.aborted || around.signal.aborted) throw thrown
    process.stderr.write(`\n${approvals.open.size} remediations wait for a person:\n`)
    for (const { what } of approvals.open.values()) process.stderr.write(`  ${what}\n`)
    process.stderr.write('go on with the same command and --approve or --deny; nothing is asked or done twice\n')
    return 3
  }
}

function deciderFor({ approve, deny }: { readonly approve: boolean; readonly deny: boolean }): Decider {
  if (approve) return 'approve'
  if (deny) return 'deny'
  return process.stdin.isTTY ? 'ask' : 'nobody'
}
