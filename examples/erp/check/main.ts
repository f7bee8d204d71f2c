import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { offlineWiring } from '../src/demo/choose-model.ts'
import { startSimulator } from '../src/demo/simulator-process.ts'
import { allTools } from '../src/tools/all-tools.ts'
import { compareReport, isPerfect } from './compare.ts'
import type { JobScore } from './compare.ts'
import { generateCompany, writeCompany } from './generate/generate-company.ts'
import { runMonthEnd } from './run-month-end.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** `npm run erp:check -- [--seeds N] [--first SEED] [--stub TOOL]`: fresh companies, planted errors, expected findings. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    first: { type: 'string', default: '1' },
    stub: { type: 'string' },
  },
})
const [first, seeds] = [Number(values.first), Number(values.seeds)]
const toolNames = [...allTools.map((tool) => tool.name), 'write_report']
if (!Number.isInteger(first) || !Number.isInteger(seeds) || seeds < 1) refuse('--first and --seeds take whole numbers')
else if (values.stub !== undefined && !toolNames.includes(values.stub))
  refuse(`--stub takes one of ${toolNames.join(', ')}`)
else process.exitCode = await check(first, seeds)

function refuse(reason: string): void {
  process.stderr.write(`${reason}\n`)
  process.exitCode = 2
}

async function check(firstSeed: number, count: number): Promise<number> {
  await using simulator = await startSimulator({ latency: 'headersMs=0' })
  let failed = 0
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    if (!(await checkSeed(seed, simulator.url))) failed++
  }
  const verdict =
    failed === 0 ? 'precision and recall 1.0 in all sixteen jobs' : `${failed} of ${count} companies with wrong reports`
  process.stdout.write(`${verdict}\n`)
  return failed === 0 ? 0 : 1
}

async function checkSeed(seed: number, url: string): Promise<boolean> {
  using folder = temporaryFolder()
  const generated = generateCompany(seed)
  writeCompany(generated, join(folder.path, 'data'))
  const startedAt = performance.now()
  try {
    const { report, agents } = await runMonthEnd(join(folder.path, 'data'), {
      out: join(folder.path, 'report'),
      wiring: offlineWiring(url),
      ...(values.stub === undefined ? {} : { stubbed: values.stub }),
    })
    const scores = compareReport(generated.expected, report)
    const isGood = isPerfect(scores) && report.status === 'complete'
    const expected = scores.reduce((sum, score) => sum + score.expected, 0)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    process.stdout.write(
      `seed ${seed}: ${isGood ? 'ok' : 'FAILED'}, ${expected} findings, ${agents} agents, ${seconds} s\n`,
    )
    scores.forEach(printScore)
    for (const problem of report.problems.slice(0, 5)) process.stdout.write(`  problem: ${problem}\n`)
    return isGood
  } catch (error) {
    process.stdout.write(`seed ${seed}: FAILED, no report: ${String(error)}\n`)
    return false
  }
}

function printScore(score: JobScore): void {
  if (isPerfect([score])) return
  const { job, precision, recall, expected } = score
  process.stdout.write(
    `  ${job}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, ${expected} expected\n`,
  )
  for (const finding of score.missing.slice(0, 5)) process.stdout.write(`    missing ${finding}\n`)
  for (const finding of score.surplus.slice(0, 5)) process.stdout.write(`    surplus ${finding}\n`)
  for (const figure of score.wrongFigures) process.stdout.write(`    wrong figure ${figure}\n`)
}
