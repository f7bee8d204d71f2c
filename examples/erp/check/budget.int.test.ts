import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJournalFile } from '@meepo/simulator'
import { parseDollars } from 'meepo'
import { expect, test } from 'vitest'

import { differences } from '../src/crash/compare-reports.ts'
import { readEffects } from '../src/crash/effects.ts'
import { startSimulator } from '../src/demo/simulator-process.ts'
import type { Report } from '../src/report/report.ts'
import { directModels } from './direct-model.ts'
import { runDemoProcess, runModule } from './demo-process.ts'
import type { DemoEnd } from './demo-process.ts'
import { runMonthEnd } from './run-month-end.ts'
import { temporaryFolder } from './temporary-folder.ts'

const demo = join(import.meta.dirname, '../src/demo/main.ts')
const meepo = join(import.meta.dirname, '../../../apps/cli/src/main.ts')
const shipped = join(import.meta.dirname, '../data')
const patient = 120_000

function reportIn(folder: string): Report {
  return JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))
}

function namesIn({ leftUndone }: Report): (string | undefined)[] {
  return leftUndone?.jobs.flatMap(({ left = [] }) => left) ?? []
}

test(
  'a budget stops the month half-way, a larger one finishes it, and no step is paid for twice',
  async () => {
    using folder = temporaryFolder()
    const here = folder.path
    const [journal, effects] = [join(here, 'journal.jsonl'), join(here, 'effects.jsonl')]
    const out = join(here, '.meepo/demo/report')
    let requests = 0
    const models = directModels(() => requests++)
    const reference = await runMonthEnd(shipped, { out: join(here, 'undisturbed'), wiring: { models } })

    await using provider = await startSimulator({ journal, latency: 'headersMs=0' })
    const env = { ERP_CRASH_PLAN: JSON.stringify({ effects, url: provider.url }) }
    const billed = () => readJournalFile(journal).filter((entry) => entry.billed)
    const invoice = () => billed().reduce((sum, { amountPico = '' }) => sum + BigInt(amountPico), 0n)
    const runDemo = (...args: string[]): Promise<DemoEnd> => runModule(demo, here, args, env)

    const first = await runDemo('--budget', '0.40')
    expect(first).toMatchObject({ code: 4, stderr: expect.stringContaining('offline scripted model') })
    expect(first.stdout.trimEnd().split('\n').at(-1)).toMatch(/^ {2}npm run demo -- --resume --budget \d+\.\d\d$/)
    expect(invoice()).toBeLessThanOrEqual(parseDollars('0.40'))
    expect(invoice()).toBeGreaterThan(parseDollars('0.30'))
    const half = reportIn(out)
    expect(half).toMatchObject({
      status: 'incomplete',
      leftUndone: { why: expect.stringContaining('of $0.40, of which') },
    })
    expect(namesIn(half).length).toBeGreaterThan(100)
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain(namesIn(half).join(', ').slice(0, 60))
    const undone = new Set(half.leftUndone?.jobs.map(({ job }) => job))
    expect(half.jobs.filter(({ job }) => !undone.has(job))).toEqual(
      reference.report.jobs.filter(({ job }) => !undone.has(job)),
    )
    expect(half.jobs.find(({ job }) => job === 'invoice-matching')?.agents).toBeGreaterThan(50)

    const run = /npx meepo resume (r\w+) --budget/.exec(first.stdout)?.[1] ?? ''
    const config = join(here, '.meepo/demo/meepo.config.ts')
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('demoConfig({', `demoConfig({ offlineUrl: '${provider.url}',`),
    )
    const second = await runModule(meepo, here, ['resume', run, '--budget', '0.70', '--config', config])
    expect(second).toMatchObject({ code: 4, stderr: expect.stringContaining(`meepo resume ${run} --budget 1.40`) })
    expect(invoice()).toBeLessThanOrEqual(parseDollars('0.70'))
    expect(invoice()).toBeGreaterThan(parseDollars('0.60'))
    const more = reportIn(out)
    expect(more.leftUndone?.why).toContain('of $0.70, of which')
    expect(namesIn(half)).toEqual(expect.arrayContaining(namesIn(more)))
    expect(namesIn(more).length).toBeLessThan(namesIn(half).length)

    const last = await runDemo('--resume', '--budget', '5', '--json')
    expect(last).toMatchObject({ code: 0, stderr: expect.stringContaining(`going on with the stopped run ${run}`) })
    expect(differences(join(here, 'undisturbed'), out)).toEqual([])
    expect(JSON.parse(last.stdout)).toMatchObject({
      status: 'complete',
      costs: { calls: requests, picoDollars: invoice().toString(), unpricedCalls: 0 },
    })
    const paid = billed().map(({ idempotencyKey }) => idempotencyKey)
    expect(paid).toHaveLength(requests)
    expect(new Set(paid).size).toBe(requests)
    expect(readJournalFile(journal)).toHaveLength(requests)
    const begun = readEffects(effects).flatMap((line) => (line.kind === 'begun' ? [line.key] : []))
    expect(new Set(begun).size).toBe(begun.length)
  },
  patient,
)

test(
  'a month whose first call is too dear says that nothing is done, and goes on from there',
  { timeout: patient },
  async () => {
    using folder = temporaryFolder()
    const data = join(folder.path, 'data')
    cpSync(shipped, data, { recursive: true })
    const first = await runDemoProcess(folder.path, '--data', 'data', '--budget', '0.000001')
    expect(first.code).toBe(4)
    expect(first.stdout).toContain('invoice:  $0.00 for 0 requests since this start, the same')
    expect(first.stdout).toMatch(/--resume --budget 0\.01 --data data\n$/)
    const out = join(folder.path, '.meepo/demo/report')
    expect(reportIn(out).leftUndone?.jobs).toHaveLength(16)

    // With nothing but the configuration that the demo wrote: the command starts the scripted model itself.
    const config = ['--config', join(folder.path, '.meepo/demo/meepo.config.ts')]
    const run = /npx meepo resume (r\w+) --budget/.exec(first.stdout)?.[1] ?? ''
    const second = await runModule(meepo, folder.path, ['resume', run, '--budget', '0.05', '--json', ...config])
    expect(second).toMatchObject({ code: 4, stderr: expect.stringContaining('the budget of the run of $0.05') })
    const spent = BigInt(JSON.parse(second.stdout).cost.treePicoDollars)
    expect(spent).toBeLessThanOrEqual(parseDollars('0.05'))
    expect(spent).toBeGreaterThan(parseDollars('0.02'))

    rmSync(data, { recursive: true })
    const looked = await runModule(meepo, folder.path, ['runs', ...config])
    expect(looked).toMatchObject({ code: 0, stdout: expect.stringContaining(run) })
    expect(looked.stderr).toContain('no run can go on')
  },
)

test('there is nothing to resume where nothing was stopped', { timeout: patient }, async () => {
  using folder = temporaryFolder()
  const { code, stdout, stderr } = await runDemoProcess(folder.path, '--resume')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('there is no run that could go on')
})
