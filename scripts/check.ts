// `npm run check`: all gates but the tests, or the named ones (`npm run check -- lint layers`).
// `npm run verify` (`--verify`): everything CI runs, ending with the totals of all tests.
// Every gate runs, also after a failure, so that one run shows everything that is wrong.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { gates, type Gate } from './gates.ts'
import { readJson } from './workspaces.ts'

interface TestResults {
  readonly numPassedTests: number
  readonly numFailedTests: number
}

interface Outcome {
  readonly gate: Gate
  readonly isPassed: boolean
}

/** Longer than any gate takes; a gate that hangs fails instead of holding up everything. */
const hangsAfterMs = 15 * 60 * 1000

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

const chosen = gates.filter(({ name, isTest, isDoneBy }) => {
  if (names.length > 0) return names.includes(name)
  return isVerify ? isDoneBy === undefined : isTest !== true
})
const outcomes = await runAll(chosen)
const failed = outcomes.filter((outcome) => !outcome.isPassed).map((outcome) => outcome.gate.name)
process.stdout.write(failed.length === 0 ? `all ${chosen.length} gates pass\n` : `failed gates: ${failed.join(', ')}\n`)
if (isVerify) process.stdout.write(`${total(outcomes)}\n`)
process.exitCode = failed.length === 0 ? 0 : 1

/** What others read is built first. Then the gates that only look, as many at once as there are processors; then tests. */
async function runAll(all: readonly Gate[]): Promise<Outcome[]> {
  const of = (isChosen: (gate: Gate) => boolean): Gate[] => all.filter(isChosen)
  return [
    ...(await inLanes(
      1,
      of(({ name }) => name === 'build'),
    )),
    ...(await inLanes(
      availableParallelism(),
      of(({ name, isTest }) => name !== 'build' && isTest !== true),
    )),
    ...(await inLanes(
      1,
      of(({ isTest }) => isTest === true),
    )),
  ]
}

async function inLanes(lanes: number, all: readonly Gate[]): Promise<Outcome[]> {
  const ended: Outcome[] = []
  const waiting = all.values()
  const drain = async (): Promise<void> => {
    for (const gate of waiting) ended.push(await run(gate))
  }
  await Promise.all(Array.from({ length: lanes }, drain))
  return ended
}

/** Tests print as they go; the other gates only speak when they fail. */
async function run(gate: Gate): Promise<Outcome> {
  const [command, ...args] = gate.command
  const startedAt = performance.now()
  const child = spawn(command, args, {
    stdio: gate.isTest ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MEEPO_TEST_RESULTS: resultsOf(gate) },
    timeout: hangsAfterMs,
  })
  const said: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => said.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk))
  const isPassed = await new Promise<boolean>((resolve) => {
    child.once('error', (error) => {
      said.push(Buffer.from(`${error.message}\n`))
      resolve(false)
    })
    child.once('close', (code) => resolve(code === 0))
  })
  if (!isPassed) process.stdout.write(Buffer.concat(said))
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`${isPassed ? 'pass' : 'FAIL'}  ${gate.name}  ${seconds} s\n`)
  return { gate, isPassed }
}

function resultsOf(gate: Gate): string {
  return join(results, `${gate.name}.json`)
}

/**
 * The tests of all test gates together. A gate that failed without a failed test (a file that could not be loaded, an
 * unhandled rejection, a run that ended early) counts as one failure.
 */
function total(all: readonly Outcome[]): string {
  let passed = 0
  let broken = 0
  for (const { gate, isPassed } of all) {
    if (gate.isTest !== true) continue
    const file = resultsOf(gate)
    const counted = existsSync(file) ? readJson<TestResults>(file) : { numPassedTests: 0, numFailedTests: 0 }
    passed += counted.numPassedTests
    broken += Math.max(counted.numFailedTests, isPassed ? 0 : 1)
  }
  return `${passed} passed, ${broken} failed`
}
