import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createSimulator, messageText } from '@meepo/simulator'
import { expect, onTestFinished, test, vi } from 'vitest'

import type { ResearchResult } from './research.ts'
import { script } from './script/script.ts'

const execute = promisify(execFile)
// Each test starts processes, up to three of them.
vi.setConfig({ testTimeout: 90_000 })

interface End {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A folder with the documents of the example, which a test may change. */
function folder(): string {
  const here = mkdtempSync(join(tmpdir(), 'meepo-research-'))
  onTestFinished(() => rmSync(here, { recursive: true, force: true }))
  cpSync(join(import.meta.dirname, '../documents'), join(here, 'texts'), { recursive: true })
  return here
}

/** Runs the example as its users do; no key of this machine reaches it. */
function start(cwd: string, ...args: readonly string[]): Promise<End> {
  return startWith({}, cwd, ...args)
}

async function startWith(more: Record<string, string>, cwd: string, ...args: readonly string[]): Promise<End> {
  const env = { PATH: process.env['PATH'], ...more }
  const command = ['--conditions=meepo-source', join(import.meta.dirname, 'main.ts'), '--documents', 'texts', ...args]
  try {
    return { code: 0, ...(await execute(process.execPath, command, { cwd, env })) }
  } catch (thrown) {
    // What execFile throws when a process ends with another code than 0.
    return thrown as End
  }
}

async function ask(cwd: string, ...args: readonly string[]): Promise<ResearchResult> {
  const { stdout, stderr } = await start(cwd, '--json', ...args)
  expect(stderr).toContain('model: offline scripted model')
  return JSON.parse(stdout)
}

function change(here: string, name: string, from: string, to: string): void {
  const file = join(here, 'texts', name)
  const before = readFileSync(file, 'utf8')
  expect(before).toContain(from)
  writeFileSync(file, before.replace(from, to))
}

test('the report cites lines that exist, and tells where they contradict each other', async () => {
  const here = folder()
  const { parts, sources, paragraphs, conflicts, refused, leftOut, unread } = await ask(here)
  expect(parts.map(({ question }) => question)).toEqual([
    'Why did the ferry lose passengers in 2024',
    'What caused the failure of the battery',
    'What did the repair cost',
  ])
  expect([refused, leftOut, unread]).toEqual([[], [], []])
  for (const { document, line, quote } of sources) {
    expect(readFileSync(join(here, 'texts', document), 'utf8').split('\n')[line - 1]).toBe(quote)
  }
  const numbers = paragraphs.flatMap((one) => one.sources)
  expect(numbers.length).toBeGreaterThan(5)
  for (const number of numbers) expect(sources[number - 1]?.number).toBe(number)
  expect(conflicts).toMatchObject([{ what: expect.stringMatching(/421,000 euros.*412,000|412,000 euros.*421,000/) }])
  const documents = new Set(sources.map(({ document }) => document))
  expect([...documents]).toEqual(
    expect.arrayContaining(['press-2024-10.md', 'battery-survey.md', 'annual-report-2024.md']),
  )
  expect([...documents]).not.toEqual(expect.arrayContaining(['museum.md']))
})

test('other documents give another report', async () => {
  const here = folder()
  change(here, 'council-minutes-2024-11.md', '421,000', '412,000')
  change(here, 'battery-survey.md', 'salt water in the bearing', 'a loose cable at the motor')
  rmSync(join(here, 'texts/press-2024-10.md'))
  const { sources, conflicts, agreements } = await ask(here)
  expect(conflicts).toEqual([])
  expect(agreements).toMatchObject([{ what: '412,000 euros in both' }])
  expect(sources.map(({ quote }) => quote).join()).toContain('a loose cable at the motor of the cooling pump')
  expect(sources.map(({ document }) => document)).not.toContain('press-2024-10.md')
})

test('another question finds other documents, and one without an answer finds none', async () => {
  const here = folder()
  const { sources } = await ask(here, 'When is the steamer in the inner harbour open to visitors?')
  expect(sources[0]).toMatchObject({ document: 'museum.md' })
  const silent = await ask(here, 'Who painted the ceiling of the chapel?')
  expect(silent.sources).toEqual([])
  expect(silent.paragraphs).toEqual([{ text: expect.stringContaining('the documents say nothing'), sources: [] }])
})

test('another model is chosen by the environment, and what it makes up is left out', async () => {
  const open = { document: 'museum.md', line: 4, quote: 'She is open to visitors from May to September.' }
  const answers: Readonly<Record<string, unknown>> = {
    planner: { parts: [{ question: 'When?', words: 'open' }] },
    reader: { quotes: [open, { ...open, quote: 'She is open all year.' }, { ...open, document: 'brochure.md' }] },
    checker: { agreements: [], conflicts: [{ sources: [1, 2], what: 'summer against all year' }] },
    writer: {
      paragraphs: [
        { text: 'In summer.', sources: [1] },
        { text: 'And in winter.', sources: [2] },
      ],
    },
  }
  const provider = await createSimulator({
    script: ({ messages }) => {
      const [system = ''] = messages.map(messageText)
      const [, role = ''] = /^Role: (\w+)/m.exec(system) ?? []
      return { text: JSON.stringify(answers[role]) }
    },
  })
  onTestFinished(() => provider.close())
  const env = { OPENAI_BASE_URL: `${provider.url}/v1`, MODEL: 'tiny' }
  const { stdout, stderr } = await startWith(env, folder(), '--json', 'When is the museum open?')
  expect(stderr).toContain('model: local:tiny')
  const { sources, refused, conflicts, paragraphs, leftOut }: ResearchResult = JSON.parse(stdout)
  expect(sources).toEqual([{ ...open, number: 1, about: 0 }])
  expect(refused).toHaveLength(2)
  expect(conflicts).toEqual([])
  expect([paragraphs, leftOut]).toMatchObject([[{ text: 'In summer.' }], [{ text: 'And in winter.' }]])
})

test('the same command after a failure is another run', async () => {
  const here = folder()
  let isDown = true
  const provider = await createSimulator({
    script: (request) => {
      const isWriting = request.messages.map(messageText)[0]?.includes('Role: writer')
      if (isDown && isWriting) return { status: 400, body: { error: { message: 'not today' } } }
      return script(request)
    },
  })
  onTestFinished(() => provider.close())
  const env = { OPENAI_BASE_URL: `${provider.url}/v1`, MODEL: 'tiny' }
  const failed = await startWith(env, here)
  expect(failed).toMatchObject({ code: 1, stdout: '' })
  expect(failed.stderr).toContain('graph.task_failed: graph research: 1 of 6 tasks failed, 1 were not run: report (')
  isDown = false
  const { code, stdout, stderr } = await startWith(env, here)
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('writer 1/1') })
  expect(stdout).toContain('421,000 euros against 412,000 euros')
})

test('the same question again asks nobody', async () => {
  const here = folder()
  const first = await start(here)
  const again = await start(here)
  expect(first.stderr).toMatch(/reader 3\/3.*writer 1\/1[^]*invoice of the scripted model: .*, the same/)
  expect(again.stdout).toBe(first.stdout)
  expect(again.stderr).not.toContain('invoice')
})

test.each([
  [['  '], 'example.bad_option: a question has 1 to 2,000 characters'],
  [['--documents', 'nowhere'], 'research.bad_folder: '],
  [['--documents', 'empty'], 'holds no .md and no .txt file'],
  [['one', 'two'], 'example.bad_option: too much: two'],
])('%j is refused with 2', async (args, message) => {
  const here = folder()
  mkdirSync(join(here, 'empty'))
  const { code, stdout, stderr } = await start(here, ...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})
