import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import type { WorkflowName } from '../src/jobs.ts'
import type { ChatRequest } from '../src/script/chat.ts'
import { monthEnd } from '../src/workflows/month-end.ts'
import { allTools } from '../src/tools/all-tools.ts'
import { compareReport, isPerfect } from './compare.ts'
import { generateCompany, writeCompany } from './generate/generate-company.ts'
import { directModels } from './direct-model.ts'
import { runMonthEnd } from './run-month-end.ts'
import type { CheckRun } from './run-month-end.ts'
import { temporaryFolder } from './temporary-folder.ts'

const example = join(import.meta.dirname, '..')
const shipped = join(example, 'data')

test.each([1, 2, 3])('every planted error of company %i is found and nothing else', async (seed) => {
  using folder = temporaryFolder()
  const generated = generateCompany(seed)
  writeCompany(generated, folder.path)
  const { report, agents } = await runMonthEnd(folder.path)
  const scores = compareReport(generated.expected, report)
  expect(scores.flatMap(({ missing, surplus, wrongFigures }) => [...missing, ...surplus, ...wrongFigures])).toEqual([])
  expect(isPerfect(scores)).toBe(true)
  expect(report.status).toBe('complete')
  expect(agents).toBeGreaterThan(500)
})

test.each(allTools.map((tool) => tool.name))('the report is wrong when %s answers {}', async (stubbed) => {
  const users = Object.entries(monthEnd).filter(([, tasks]) =>
    tasks.some((task) => task.agent.toolNames.includes(stubbed)),
  )
  const workflows = users.map(([name]) => name as WorkflowName).slice(0, 1)
  const { expected } = generateCompany(2026)
  const { report } = await runMonthEnd(shipped, { stubbed, workflows })
  const done = new Set(report.jobs.filter((job) => job.agents > 0).map((job): string => job.job))
  const scores = compareReport(expected, report).filter((score) => done.has(score.job))
  expect(scores).toHaveLength(4)
  expect(isPerfect(scores)).toBe(false)
})

test('there is no report when write_report answers {}', async () => {
  await expect(runMonthEnd(shipped, { stubbed: 'write_report', workflows: ['hr'] })).rejects.toThrow(
    'agent.invalid_output',
  )
})

test('the written report is the same to the byte but for its header', async () => {
  using folder = temporaryFolder()
  const written = async (name: string): Promise<unknown> => {
    const out = join(folder.path, name)
    await runMonthEnd(shipped, { out })
    expect(readdirSync(out).sort()).toEqual(['report.json', 'report.md', 'snapshot.json'])
    return {
      markdown: readFileSync(join(out, 'report.md'), 'utf8').split('\n').slice(1),
      json: { ...JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')), header: undefined },
    }
  }
  expect(await written('one')).toEqual(await written('two'))
})

test('a month after its own snapshot has no changes to report', async () => {
  using folder = temporaryFolder()
  await runMonthEnd(shipped, { out: join(folder.path, 'report'), workflows: ['compliance'] })
  cpSync(shipped, join(folder.path, 'next'), { recursive: true })
  cpSync(join(folder.path, 'report/snapshot.json'), join(folder.path, 'next/previous-report.json'))
  const { report } = await runMonthEnd(join(folder.path, 'next'), { workflows: ['compliance'] })
  expect(report.counts.find(({ job }) => job === 'change-monitoring')).toEqual({
    job: 'change-monitoring',
    findings: 0,
  })
})

let untouched: Promise<Set<string>> | undefined

/** The findings of the shipped company that an edit takes away (-) and adds (+), as job, kind and subject. */
async function changed(file: string, change: (text: string) => string): Promise<string[]> {
  using folder = temporaryFolder()
  cpSync(shipped, folder.path, { recursive: true })
  untouched ??= runMonthEnd(shipped).then(findingsIn)
  const before = await untouched
  const old = readFileSync(join(folder.path, file), 'utf8')
  const text = change(old)
  expect(text).not.toBe(old)
  writeFileSync(join(folder.path, file), text)
  const after = findingsIn(await runMonthEnd(folder.path))
  const name = (entry: string): string => entry.split('\t')[0] ?? ''
  return [
    ...[...before].filter((entry) => !after.has(entry)).map((entry) => `- ${name(entry)}`),
    ...[...after].filter((entry) => !before.has(entry)).map((entry) => `+ ${name(entry)}`),
  ]
}

function findingsIn({ report }: CheckRun): Set<string> {
  return new Set(
    report.jobs.flatMap(({ job, findings }) =>
      findings.map(({ kind, subject, values }) => `${job} ${kind} ${subject}\t${JSON.stringify(values)}`),
    ),
  )
}

/** Rewrites the first line that fits. */
function firstLine(pattern: RegExp, replacement: string): (text: string) => string {
  return (text) => text.replace(pattern, replacement)
}

const cleanInvoice = 'INV-0200'
const cleanItem = 'I-0001'

test.each<[string, string, RegExp, string, string[]]>([
  [
    'the price on an invoice',
    'invoice-lines.csv',
    new RegExp(`^(${cleanInvoice},1,[^,]+,\\d+),[^,]+`, 'm'),
    '$1,0.01',
    [`+ invoice-matching price_differs ${cleanInvoice}`],
  ],
  [
    'the total of an invoice',
    'invoices.csv',
    new RegExp(`^(${cleanInvoice},.*),[^,]+$`, 'm'),
    '$1,1.00',
    [`+ invoice-matching sum_wrong ${cleanInvoice}`],
  ],
  [
    'a stock level, to too much',
    'stock.csv',
    new RegExp(`^${cleanItem},.*$`, 'm'),
    `${cleanItem},99999,0`,
    [`+ stock-levels overstock ${cleanItem}`],
  ],
  [
    'a stock level, to below zero',
    'stock.csv',
    new RegExp(`^${cleanItem},.*$`, 'm'),
    `${cleanItem},-1,0`,
    [`+ stock-levels negative_stock ${cleanItem}`],
  ],
  [
    'a stock level, to nothing',
    'stock.csv',
    new RegExp(`^${cleanItem},.*$`, 'm'),
    `${cleanItem},0,0`,
    [`+ reorder expedite ${cleanItem}`],
  ],
  [
    'a stock level that was too high already',
    'stock.csv',
    /^(I-0075),\d+/m,
    '$1,88888',
    ['- stock-levels overstock I-0075', '+ stock-levels overstock I-0075'],
  ],
  [
    'a resume, a skill',
    'resumes/c-002.md',
    /^- Docker\n/m,
    '',
    ['- candidate-matching match C-002', '+ candidate-matching near_match C-002'],
  ],
  ['a resume, its address', 'resumes/c-003.md', /^- Email: .*\n/m, '', ['+ resume-screening missing_contact C-003']],
  [
    'an expense, its amount',
    'expenses.csv',
    /^(EXP-001,1,.*),[^,]+,(yes|no)$/m,
    '$1,99999.00,yes',
    ['+ expense-policy over_limit EXP-001/1'],
  ],
])('editing %s changes exactly the matching finding', async (_case, file, pattern, replacement, expected) => {
  expect(await changed(file, firstLine(pattern, replacement))).toEqual(expected)
})

test('an invoice that names another order is a matter of the invoice and of the order it leaves', async () => {
  const order = new RegExp(`^(${cleanInvoice},[^,]+,[^,]+),(PO-\\d+)`, 'm')
  const [, , left] = order.exec(readFileSync(join(shipped, 'invoices.csv'), 'utf8')) ?? []
  expect(await changed('invoices.csv', firstLine(order, '$1,PO-0'))).toEqual([
    `+ invoice-matching no_order ${cleanInvoice}`,
    `+ audit-report unbilled_receipt ${left}`,
  ])
})

test('the script answers from the request body alone, in a process that may read no file', async () => {
  const requests: ChatRequest[] = []
  const answers: string[] = []
  const models = directModels((request, answer) => {
    requests.push(request)
    answers.push(JSON.stringify(answer))
  })
  await runMonthEnd(shipped, { wiring: { models } })
  const child = spawnSync(
    process.execPath,
    [
      '--permission',
      `--allow-fs-read=${join(example, 'src/script')}/*`,
      `--allow-fs-read=${join(example, 'check/script-alone.ts')}`,
      `--allow-fs-read=${join(example, 'package.json')}`,
      join(example, 'check/script-alone.ts'),
      join(shipped, 'company.json'),
    ],
    {
      input: requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: {},
    },
  )
  expect(child.stderr).toBe('')
  const [first, ...lines] = child.stdout.trimEnd().split('\n')
  expect(first).toBe('{"isSealed":true}')
  expect(lines).toEqual(answers)
})
