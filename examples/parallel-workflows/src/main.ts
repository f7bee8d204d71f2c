import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { chooseModel, costTable, ExampleError, readOptions, runExample, runMain } from 'meepo-example-kit'

import { AgentTime } from './agent-time.ts'
import { checker, factFinder, sorter, toneReader, writer } from './agents.ts'
import { script } from './script/script.ts'
import { makeTickets } from './tickets.ts'
import { allTickets } from './workflow.ts'
import type { Answered } from './workflow.ts'

const usage = `usage: npm start -w meepo-example-parallel-workflows -- [options]
  --workflows N   how many, 100 unless said, 5000 at most
  --parallel N    how many at one time, 100 unless said, 900 at most
  --latency MS    how long the scripted model takes for an answer, 50 to 150 ms unless said
  --json          the answers as JSON on stdout
  --model NAME    provider:model, or "offline" for the scripted model in spite of a key`

const specs = {
  workflows: 'text',
  parallel: 'text',
  latency: 'text',
  json: 'flag',
  model: 'text',
  help: 'flag',
} as const

await runMain(async (signal) => {
  const { texts, flags } = readOptions(process.argv.slice(2), specs, { maxWords: 0, usage })
  if (flags.help) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  const workflows = wholeNumber('workflows', texts.workflows, { fallback: 100, most: 5_000 })
  const parallel = wholeNumber('parallel', texts.parallel, { fallback: 100, most: 900 })
  const waitMs =
    texts.latency === undefined ? undefined : wholeNumber('latency', texts.latency, { fallback: 0, most: 60_000 })
  const model = chooseModel(texts.model)
  const state = join(process.env['INIT_CWD'] ?? process.cwd(), '.meepo/parallel-workflows')
  // What is measured is a fresh start.
  rmSync(state, { recursive: true, force: true })
  const time = new AgentTime([sorter, factFinder, toneReader, writer, checker].map(({ name }) => name))
  const end = await runExample({
    definition: allTickets(parallel),
    input: { tickets: makeTickets(workflows) },
    identity: [randomUUID()],
    state,
    model,
    script,
    latency: waitMs === undefined ? { headersMs: 50, jitterMs: 100 } : { headersMs: waitMs },
    watch: time.watch,
    signal,
  })
  const { result, error } = end.record
  if (result === undefined) {
    process.stderr.write(`${error?.code ?? 'run.failed'}: ${error?.message ?? 'no result'}\n`)
    return 1
  }
  const failed = result.filter((one) => one === null).length
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else process.stdout.write(`\n${summary(result, failed, { seconds: end.seconds, parallel, time })}\n${costTable(end)}`)
  return failed === 0 ? 0 : 1
})

interface Figures {
  readonly seconds: number
  readonly parallel: number
  readonly time: AgentTime
}

function summary(all: readonly (Answered | null)[], failed: number, { seconds, parallel, time }: Figures): string {
  const good = all.filter((one) => one?.isGood).length
  const perSecond = (count: number): string => (count / seconds).toFixed(1)
  return [
    `${all.length} workflows, ${parallel} at one time: ${failed} failed, ${good} answers may leave`,
    `wall time        ${seconds.toFixed(2)} s`,
    `throughput       ${perSecond(all.length)} workflows/s, ${perSecond(time.runs)} agents/s`,
    `agents           ${time.runs}; at one time ${(time.ms / 1000 / seconds).toFixed(0)} on average, ${time.peak} at most`,
    '',
  ].join('\n')
}

function wholeNumber(
  name: string,
  text: string | undefined,
  { fallback, most }: { fallback: number; most: number },
): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value
  throw new ExampleError('example.bad_option', `--${name} takes 1 to ${most}, found ${JSON.stringify(text)}`, usage)
}
