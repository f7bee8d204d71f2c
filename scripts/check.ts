// `npm run check`: all gates but the tests, or the named ones (`npm run check -- lint layers`).
// `npm run verify` (`--verify`): everything CI runs, ending with the totals of all tests.
// Every gate runs, also after a failure, so that one run shows everything that is wrong.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gates, type Gate } from './gates.ts'
import { readJson } from './workspaces.ts'

interface TestResults {
  readonly success: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
}

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const isVerify = process.argv.includes('--verify')
const unknown = names.filter((name) => !gates.some((gate) => gate.name === name))
if (unknown.length > 0) {
  process.stderr.write(
    `check: no gate is called ${unknown.join(', ')}; there are ${gates.map((gate) => gate.name).join(', ')}\n`,
  )
  process.exit(2)
}

const results = resolve('coverage/results')
rmSync(results, { recursive: true, force: true })
mkdirSync(results, { recursive: true })

const chosen = gates.filter((gate) => (names.length > 0 ? names.includes(gate.name) : isVerify || gate.isTest !== true))
const failed = chosen.filter((gate) => !run(gate)).map((gate) => gate.name)
process.stdout.write(failed.length === 0 ? `all ${chosen.length} gates pass\n` : `failed gates: ${failed.join(', ')}\n`)
if (isVerify) process.stdout.write(`${total()}\n`)
process.exitCode = failed.length === 0 ? 0 : 1

/** Tests print as they go; the other gates only speak when they fail. */
function run(gate: Gate): boolean {
  const [command, ...args] = gate.command
  const startedAt = performance.now()
  const env = { ...process.env, MEEPO_TEST_RESULTS: resultsOf(gate) }
  const result = spawnSync(command, args, {
    stdio: gate.isTest ? ['ignore', 'inherit', 'inherit'] : 'pipe',
    env,
    encoding: 'utf8',
  })
  const isPassed = result.status === 0
  if (!isPassed && gate.isTest !== true) {
    process.stdout.write(
      `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? `${result.error.message}\n` : ''}`,
    )
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`${isPassed ? 'pass' : 'FAIL'}  ${gate.name}  ${seconds} s\n`)
  return isPassed
}

function resultsOf(gate: Gate): string {
  return join(results, `${gate.name}.json`)
}

/** A test file that could not even be loaded has no failed test: it counts as one. So does a run without results. */
function total(): string {
  let passed = 0
  let broken = 0
  for (const gate of chosen.filter((candidate) => candidate.isTest)) {
    const file = resultsOf(gate)
    const outcome = existsSync(file)
      ? readJson<TestResults>(file)
      : { success: false, numPassedTests: 0, numFailedTests: 0 }
    passed += outcome.numPassedTests
    broken += Math.max(outcome.numFailedTests, outcome.success ? 0 : 1)
  }
  return `${passed} passed, ${broken} failed`
}
