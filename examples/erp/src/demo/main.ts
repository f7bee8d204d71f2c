import { MeepoError } from 'meepo'

import { DataError } from '../data/data-error.ts'
import { chooseModel } from './choose-model.ts'
import { FolderError, readOptions, usage, UsageError } from './options.ts'
import type { DemoOptions } from './options.ts'
import { runDemo } from './run-demo.ts'
import { stopSummary, summary } from './summary.ts'

/** `npm run demo`: the month-end of a small company, from its files to its report. */
try {
  const options = readOptions(process.argv.slice(2), process.env)
  if (options === undefined) process.stdout.write(`${usage}\n`)
  else if (options.isCrash) process.exitCode = await (await import('../crash/crash.ts')).crash(options)
  else process.exitCode = await demo(options)
} catch (thrown) {
  process.exitCode = refuse(thrown)
}

async function demo(options: DemoOptions): Promise<number> {
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort())
  process.once('SIGTERM', () => interrupt.abort())
  const crash = process.env['ERP_CRASH_PLAN']
  const outcome = await runDemo(options, {
    model: chooseModel(options, process.env),
    ...(crash === undefined ? {} : (await import('../crash/hooks.ts')).hooksOf(crash)),
    tell: (line) => process.stderr.write(`${line}\n`),
    signal: interrupt.signal,
  })
  if (outcome === undefined) {
    process.stderr.write('interrupted; nothing that was done is lost. Go on with: npm run demo\n')
    return 130
  }
  const { result, error, runId } = outcome.record
  const here = process.env['INIT_CWD'] ?? process.cwd()
  const isStopped = error?.code === 'budget.exceeded'
  if (options.isJson) {
    const { record, ...figures } = outcome
    process.stdout.write(`${JSON.stringify({ runId, success: record.success, ...result, error, ...figures })}\n`)
  } else if (result !== undefined) {
    process.stdout.write(summary(outcome, result, options, here))
  } else if (isStopped) {
    process.stdout.write(stopSummary(outcome, options, here))
    return 4
  }
  if (result === undefined) process.stderr.write(`${error?.code ?? 'run.failed'}: ${error?.message ?? 'no result'}\n`)
  return result === undefined ? (isStopped ? 4 : 1) : 0
}

/** Tells what is wrong and what to do next. Bad data and bad options end with 2, folders that cannot be written with 6. */
function refuse(thrown: unknown): number {
  if (thrown instanceof DataError || thrown instanceof UsageError || thrown instanceof FolderError) {
    const told = thrown.message.startsWith(thrown.code) ? thrown.message : `${thrown.code}: ${thrown.message}`
    process.stderr.write(`${told}\n  ${thrown.fix}\n`)
    return thrown instanceof FolderError ? 6 : 2
  }
  if (!MeepoError.is(thrown)) throw thrown
  process.stderr.write(`${thrown.code}: ${thrown.message}\n`)
  if (thrown.code.startsWith('store.')) return 6
  return thrown.code.startsWith('config.') ? 2 : 1
}
