import { parseArgs } from 'node:util'

import { loadCompany } from '../src/data/load-company.ts'
import { compareReport, isPerfect } from './compare.ts'
import type { JobScore } from './compare.ts'
import { generateCompany, writeCompany } from './generate/generate-company.ts'
import { runOffline } from './run-offline.ts'
import type { OfflineOptions } from './run-offline.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** `npm run erp:check -- [--seeds N] [--first SEED] [--stub TOOL]`: fresh companies, planted errors, expected findings. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    first: { type: 'string', default: '1' },
    stub: { type: 'string' },
  },
})
const first = Number(values.first)
const options: OfflineOptions = values.stub === undefined ? {} : { stubbed: values.stub }
let failed = 0
for (let seed = first; seed < first + Number(values.seeds); seed++) if (!checkSeed(seed)) failed++
process.stdout.write(
  failed === 0 ? 'precision and recall 1.0 in all sixteen jobs\n' : `${failed} companies with wrong reports\n`,
)
if (failed > 0) process.exitCode = 1

function checkSeed(seed: number): boolean {
  using folder = temporaryFolder()
  const generated = generateCompany(seed)
  writeCompany(generated, folder.path)
  const company = loadCompany(folder.path)
  const { report, agents, turns } = runOffline(company, options)
  company.db.close()
  const scores = compareReport(generated.expected, report)
  const isGood = isPerfect(scores) && report.status === 'complete'
  const expected = scores.reduce((sum, score) => sum + score.expected, 0)
  process.stdout.write(
    `seed ${seed}: ${isGood ? 'ok' : 'FAILED'}, ${expected} findings, ${agents} agents, ${turns} turns\n`,
  )
  scores.forEach(printScore)
  for (const problem of report.problems.slice(0, 5)) process.stdout.write(`  problem: ${problem}\n`)
  return isGood
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
