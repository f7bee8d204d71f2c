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

/** One edit of the shipped company, and what it changes. */
interface Edit {
  readonly file: string
  readonly pattern: RegExp
  readonly replacement: string
  /** Findings that it takes away (-) and adds (+), as job, kind and subject. */
  readonly expected: readonly string[]
}

/** The findings that these edits together take away and add. */
async function changed(edits: readonly Edit[]): Promise<string[]> {
  using folder = temporaryFolder()
  cpSync(shipped, folder.path, { recursive: true })
  untouched ??= runMonthEnd(shipped).then(findingsIn)
  const before = await untouched
  for (const { file, pattern, replacement } of edits) {
    const old = readFileSync(join(folder.path, file), 'utf8')
    const text = old.replace(pattern, replacement)
    expect(text).not.toBe(old)
    writeFileSync(join(folder.path, file), text)
  }
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

const cleanInvoice = 'INV-0200'
const cleanItem = 'I-0001'

const wrongPrice: Edit = {
  file: 'invoice-lines.csv',
  pattern: new RegExp(`^(${cleanInvoice},1,[^,]+,\\d+),[^,]+`, 'm'),
  replacement: '$1,0.01',
  expected: [`+ invoice-matching price_differs ${cleanInvoice}`],
}
const wrongTotal: Edit = {
  file: 'invoices.csv',
  pattern: new RegExp(`^(${cleanInvoice},.*),[^,]+$`, 'm'),
  replacement: '$1,1.00',
  expected: [`+ invoice-matching sum_wrong ${cleanInvoice}`],
}
const moreThanTooMuch: Edit = {
  file: 'stock.csv',
  pattern: /^(I-0075),\d+/m,
  replacement: '$1,88888',
  expected: ['- stock-levels overstock I-0075', '+ stock-levels overstock I-0075'],
}
const lostSkill: Edit = {
  file: 'resumes/c-002.md',
  pattern: /^- Docker\n/m,
  replacement: '',
  expected: ['- candidate-matching match C-002', '+ candidate-matching near_match C-002'],
}
const lostAddress: Edit = {
  file: 'resumes/c-003.md',
  pattern: /^- Email: .*\n/m,
  replacement: '',
  expected: ['+ resume-screening missing_contact C-003'],
}
const dearExpense: Edit = {
  file: 'expenses.csv',
  pattern: /^(EXP-001,1,.*),[^,]+,(yes|no)$/m,
  replacement: '$1,99999.00,yes',
  expected: ['+ expense-policy over_limit EXP-001/1'],
}

function stockOf(level: number, expected: string): Edit {
  const pattern = new RegExp(`^${cleanItem},.*$`, 'm')
  return { file: 'stock.csv', pattern, replacement: `${cleanItem},${level},0`, expected: [expected] }
}

// Edits of different things go together: nothing but what each of them says may change.
test.each<[string, readonly Edit[]]>([
  [
    'a price, a resume, and a stock level to too much',
    [wrongPrice, lostAddress, stockOf(99_999, `+ stock-levels overstock ${cleanItem}`)],
  ],
  [
    'a total, an expense, and a stock level to below zero',
    [wrongTotal, dearExpense, stockOf(-1, `+ stock-levels negative_stock ${cleanItem}`)],
  ],
  [
    'a skill, a stock level that was too high already, and another to nothing',
    [lostSkill, moreThanTooMuch, stockOf(0, `+ reorder expedite ${cleanItem}`)],
  ],
])('editing %s changes exactly the matching findings', async (_edited, edits) => {
  expect((await changed(edits)).sort()).toEqual(edits.flatMap(({ expected }) => expected).sort())
})

test('an invoice that names another order is a matter of the invoice and of the order it leaves', async () => {
  const pattern = new RegExp(`^(${cleanInvoice},[^,]+,[^,]+),(PO-\\d+)`, 'm')
  const [, , left] = pattern.exec(readFileSync(join(shipped, 'invoices.csv'), 'utf8')) ?? []
  const expected = [`+ invoice-matching no_order ${cleanInvoice}`, `+ audit-report unbilled_receipt ${left}`]
  expect(await changed([{ file: 'invoices.csv', pattern, replacement: '$1,PO-0', expected }])).toEqual(expected)
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
