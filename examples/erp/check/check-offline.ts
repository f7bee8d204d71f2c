import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { loadCompany } from '../src/data/load-company.ts'
import { compareReport, isPerfect } from './compare.ts'
import { generateCompany, writeCompany } from './generate/generate-company.ts'
import { runOffline } from './run-offline.ts'

/** `node check/check-offline.ts [SEEDS] [FIRST]`: fresh companies through the driver of this folder. */
const seeds = Number(process.argv[2] ?? 20)
const first = Number(process.argv[3] ?? 1)
let failed = 0
for (let seed = first; seed < first + seeds; seed++) {
  const folder = mkdtempSync(join(tmpdir(), 'erp-check-'))
  const generated = generateCompany(seed)
  writeCompany(generated, folder)
  const company = loadCompany(folder)
  const { report, agents, turns } = runOffline(company)
  company.db.close()
  const scores = compareReport(generated.expected, report)
  const isGood = isPerfect(scores) && report.status === 'complete'
  if (!isGood) failed++
  const findings = scores.reduce((sum, score) => sum + score.expected, 0)
  process.stdout.write(`seed ${seed}: ${isGood ? 'ok' : 'FAILED'}, ${findings} findings, ${agents} agents, ${turns} turns\n`)
  for (const score of scores) {
    if (score.missing.length + score.surplus.length + score.wrongFigures.length === 0 && score.expected > 0) continue
    process.stdout.write(`  ${score.job}: precision ${score.precision.toFixed(3)}, recall ${score.recall.toFixed(3)}, ${score.expected} expected\n`)
    for (const entry of score.missing.slice(0, 5)) process.stdout.write(`    missing ${entry}\n`)
    for (const entry of score.surplus.slice(0, 5)) process.stdout.write(`    surplus ${entry}\n`)
    for (const name of score.wrongFigures) process.stdout.write(`    wrong figure ${name}\n`)
  }
  for (const problem of report.problems.slice(0, 5)) process.stdout.write(`  problem ${problem}\n`)
  rmSync(folder, { recursive: true, force: true })
}
if (failed > 0) process.exitCode = 1
