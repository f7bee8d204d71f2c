import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { loadCompany } from '../src/data/load-company.ts'
import type { Report } from '../src/report/report.ts'
import { allTools } from '../src/tools/all-tools.ts'
import { compareReport, isPerfect } from './compare.ts'
import type { JobScore, ReportedJobs } from './compare.ts'
import { generateCompany, writeCompany } from './generate/generate-company.ts'
import { runOffline } from './run-offline.ts'
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
else {
  const failed = Array.from({ length: seeds }, (_, at) => checkSeed(first + at)).filter((isGood) => !isGood).length
  process.stdout.write(
    failed === 0 ? 'precision and recall 1.0 in all sixteen jobs\n' : `${failed} companies with wrong reports\n`,
  )
  if (failed > 0) process.exitCode = 1
}

function refuse(reason: string): void {
  process.stderr.write(`${reason}\n`)
  process.exitCode = 2
}

function checkSeed(seed: number): boolean {
  using folder = temporaryFolder()
  const generated = generateCompany(seed)
  writeCompany(generated, join(folder.path, 'data'))
  const company = loadCompany(join(folder.path, 'data'))
  const reportFolder = join(folder.path, 'report')
  try {
    const { agents, turns } = runOffline(company, {
      reportFolder,
      ...(values.stub === undefined ? {} : { stubbed: values.stub }),
    })
    // What counts is the report as it was written.
    const report: ReportedJobs & Pick<Report, 'status' | 'problems'> = JSON.parse(
      readFileSync(join(reportFolder, 'report.json'), 'utf8'),
    )
    const scores = compareReport(generated.expected, report)
    const isGood = isPerfect(scores) && report.status === 'complete'
    const expected = scores.reduce((sum, score) => sum + score.expected, 0)
    process.stdout.write(
      `seed ${seed}: ${isGood ? 'ok' : 'FAILED'}, ${expected} findings, ${agents} agents, ${turns} turns\n`,
    )
    scores.forEach(printScore)
    for (const problem of report.problems.slice(0, 5)) process.stdout.write(`  problem: ${problem}\n`)
    return isGood
  } catch (error) {
    process.stdout.write(`seed ${seed}: FAILED, no report: ${String(error)}\n`)
    return false
  } finally {
    company.db.close()
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
