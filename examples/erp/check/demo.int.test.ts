import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { runVictim } from '../src/crash/victim.ts'
import { readOptions } from '../src/demo/options.ts'
import { startSimulator } from '../src/demo/simulator-process.ts'
import { compareReport, isPerfect } from './compare.ts'
import { runDemoProcess } from './demo-process.ts'
import { generateCompany } from './generate/generate-company.ts'
import { temporaryFolder } from './temporary-folder.ts'

const shipped = join(import.meta.dirname, '../data')
const patient = 90_000

function reportIn(folder: string): Parameters<typeof compareReport>[1] & { status: string } {
  return JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))
}

test(
  'the demo ends with the one report, more than 500 agents in flight, and says that the model is scripted',
  async () => {
    using folder = temporaryFolder()
    const { code, stdout, stderr } = await runDemoProcess(folder.path)
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('offline scripted model') })
    const report = reportIn(join(folder.path, '.meepo/demo/report'))
    expect(report.status).toBe('complete')
    expect(isPerfect(compareReport(generateCompany(2026).expected, report))).toBe(true)
    expect(stdout).toContain('report:   .meepo/demo/report/report.md')
    expect(stdout).toMatch(/npx meepo trace r\w+ --config \.meepo\/demo\/meepo\.config\.ts/)
    expect(Number(/most in flight at one time (\d+)/.exec(stdout)?.[1])).toBeGreaterThan(500)
    expect(stderr).toMatch(/finance \d+\/537.* in flight, \d+ tokens/)
    expect(readdirSync(join(folder.path, '.meepo/demo/report')).sort()).toEqual([
      'report.json',
      'report.md',
      'snapshot.json',
    ])
  },
  patient,
)

test(
  'a provider that refuses a tenth of its requests costs time and no finding',
  async () => {
    using folder = temporaryFolder()
    const journal = join(folder.path, 'journal.jsonl')
    await using provider = await startSimulator({ script: join(import.meta.dirname, 'faulty-script.ts'), journal })
    const out = join(folder.path, 'out')
    const server = ['--base-url', `${provider.url}/v1`, '--model', 'any']
    const end = await runDemoProcess(folder.path, '--out', out, '--json', ...server)
    expect(end).toMatchObject({ code: 0, stderr: expect.stringContaining('model: local:any') })
    expect(JSON.parse(end.stdout)).toMatchObject({
      success: true,
      status: 'complete',
      model: 'local:any',
      problems: [],
    })
    expect(isPerfect(compareReport(generateCompany(2026).expected, reportIn(out)))).toBe(true)
    expect(readFileSync(journal, 'utf8').match(/"status":(429|500)/g)?.length).toBeGreaterThan(150)
  },
  patient,
)

test('a provider without a key ends the month with one error and no report', { timeout: patient }, async () => {
  using folder = temporaryFolder()
  const end = await runDemoProcess(folder.path, '--model', 'openai:none')
  expect(end).toMatchObject({ code: 1, stdout: '' })
  expect(end.stderr).toMatch(/^model\.unauthorized: no agent got an answer, .* set OPENAI_API_KEY/m)
  expect(existsSync(join(folder.path, '.meepo/demo/report/report.json'))).toBe(false)
})

test.each([
  [
    'a malformed line',
    'invoices.csv',
    'erp.data_invalid: invoices.csv, line 3',
    (text: string) => text.replace(/^INV-0002,[^,]+/m, 'INV-0002,'),
  ],
  ['no company', 'company.json', 'erp.data_invalid: company.json, line 1', () => '[]'],
])('%s ends the demo with 2, its place and what to do next', async (_case, file, place, change) => {
  using folder = temporaryFolder()
  const data = join(folder.path, 'data')
  cpSync(shipped, data, { recursive: true })
  writeFileSync(join(data, file), change(readFileSync(join(data, file), 'utf8')))
  const { code, stdout, stderr } = await runDemoProcess(folder.path, '--data', 'data')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(place)
  expect(stderr).toContain('Correct the file at that place')
  expect(existsSync(join(folder.path, '.meepo'))).toBe(false)
})

test.each([
  [['--data', 'nowhere'], 'erp.data_missing: company.json'],
  [['--data'], 'erp.bad_option: '],
  [['--model', 'gpt'], 'erp.bad_option: --model takes provider:model, found "gpt"'],
  [['--base-url', 'http://127.0.0.1:1/v1'], 'erp.bad_option: http://127.0.0.1:1/v1 needs --model'],
])('%j is refused with 2', async (args, message) => {
  using folder = temporaryFolder()
  const { code, stdout, stderr } = await runDemoProcess(folder.path, ...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})

test(
  'an interrupted run does not go on over edited files, and goes on when they are put back',
  async () => {
    using folder = temporaryFolder()
    const data = join(folder.path, 'data')
    cpSync(shipped, data, { recursive: true })
    const options = readOptions(['--data', 'data'], { INIT_CWD: folder.path })
    if (options === undefined) throw new Error('no options')
    {
      await using simulator = await startSimulator()
      const plan = {
        effects: join(folder.path, 'effects.jsonl'),
        url: simulator.url,
        point: { place: 'answer', nth: 300 },
      } as const
      const victim = { options, state: folder.path, plan, log: join(folder.path, 'log.txt') }
      expect(await runVictim(victim, AbortSignal.timeout(patient))).toEqual({ kind: 'killed' })
    }
    const stock = join(data, 'stock.csv')
    const before = readFileSync(stock, 'utf8')
    writeFileSync(stock, before.replace(/^I-0001,.*$/m, 'I-0001,-1,0'))
    const refused = await runDemoProcess(folder.path, '--data', 'data')
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/erp\.data_changed: .*the interrupted run r\w+ began with/)
    expect(refused.stderr).toContain('--fresh')

    writeFileSync(stock, before)
    const done = await runDemoProcess(folder.path, '--data', 'data')
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('going on with the interrupted run') })
    const report = reportIn(join(folder.path, 'report'))
    expect(isPerfect(compareReport(generateCompany(2026).expected, report))).toBe(true)
  },
  patient,
)
