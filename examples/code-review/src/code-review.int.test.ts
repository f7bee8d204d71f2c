import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createSimulator, messageText } from '@meepo/simulator'
import { expect, onTestFinished, test, vi } from 'vitest'

import { git } from './git.ts'
import { openRepository } from './repository.ts'
import type { ReviewResult } from './review.ts'
import { seedRepository } from './sample/seeded-repository.ts'
import type { Planted } from './sample/source.ts'

const execute = promisify(execFile)
// Each test starts processes, up to three of them.
vi.setConfig({ testTimeout: 90_000 })
const main = join(import.meta.dirname, 'main.ts')

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'meepo-review-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

interface End {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the example as its users do; no key of this machine reaches it. */
function review(cwd: string, ...args: readonly string[]): Promise<End> {
  return reviewWith({}, cwd, ...args)
}

async function reviewWith(env: Record<string, string>, cwd: string, ...args: readonly string[]): Promise<End> {
  const options = { cwd, env: { PATH: process.env['PATH'], ...env } }
  try {
    return { code: 0, ...(await execute(process.execPath, ['--conditions=meepo-source', main, ...args], options)) }
  } catch (thrown) {
    // What execFile throws when a process ends with another code than 0.
    return thrown as End
  }
}

async function found(cwd: string, ...args: readonly string[]): Promise<ReviewResult> {
  const { stdout, stderr } = await review(cwd, '--json', ...args)
  expect(stderr).toContain('model: offline scripted model')
  return JSON.parse(stdout)
}

function places(list: readonly Planted[]): string[] {
  return list.map(({ path, rule, line }) => `${path}:${line} ${rule}`).toSorted()
}

test.each([1, 2, 3])('everything that was planted is found, and nothing else (seed %i)', async (seed) => {
  const repository = folder()
  const planted = await seedRepository(repository, seed)
  expect(new Set(planted.map(({ rule }) => rule)).size).toBe(7)
  const result = await found(folder(), repository)
  expect(places(result.findings)).toEqual(places(planted))
  expect(result).toMatchObject({ verdict: 'request_changes', refused: [], unread: [] })
})

test('another change is another review', async () => {
  const repository = folder()
  const here = folder()
  const planted = await seedRepository(repository, 1)
  const [first] = planted.filter(({ rule }) => rule === 'secret')
  const path = join(repository, first?.path ?? '')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/'AKIA\w+'/, "process.env.ACCESS ?? ''"))
  await git(repository, ['-c', 'user.name=A', '-c', 'user.email=a@example.org', 'commit', '-aqm', 'Remove a key'])
  const { base } = await openRepository(repository, 'HEAD~2')
  const fixed = await found(here, repository, '--base', base)
  expect(places(fixed.findings)).toEqual(places(planted.filter((one) => one !== first)))
  expect(await found(here, repository)).toMatchObject({ findings: [], verdict: 'approve' })
})

test('another model is chosen by the environment, and what it makes up is refused', async () => {
  const invented = { rule: 'bug', line: 1, quote: 'launchRockets()', message: 'Rockets are launched.' }
  const provider = await createSimulator({
    script: ({ messages }) => {
      const [system = '', user = ''] = messages.map(messageText)
      const task: { readonly path: string } = JSON.parse(user)
      if (system.includes('Role: summariser')) return { text: '{"verdict":"approve","summary":"Fine."}' }
      // One answer is of no use at all.
      if (task.path === 'README.md') return { text: 'I would rather not.' }
      return { text: JSON.stringify({ path: task.path, findings: [invented] }) }
    },
  })
  onTestFinished(() => provider.close())
  const env = { OPENAI_BASE_URL: `${provider.url}/v1`, MODEL: 'tiny' }
  const { stdout, stderr } = await reviewWith(env, folder(), '--json')
  expect(stderr).toContain('model: local:tiny')
  const { findings, refused, unread, verdict }: ReviewResult = JSON.parse(stdout)
  expect({ findings, unread, verdict }).toEqual({ findings: [], unread: ['README.md'], verdict: 'approve' })
  expect(refused).toHaveLength(10)
  expect(refused[0]).toMatchObject(invented)
})

test('a review that was killed goes on, and ends like one that nobody killed', async () => {
  const here = folder()
  const options = { cwd: here, env: { PATH: process.env['PATH'] } }
  const victim = spawn(process.execPath, ['--conditions=meepo-source', main], options)
  // The first line of progress: reviewers have begun and few have ended.
  victim.stderr.on('data', (text: Buffer) => {
    if (text.includes('in flight')) victim.kill('SIGKILL')
  })
  expect(await once(victim, 'exit')).toEqual([null, 'SIGKILL'])
  const { stdout, stderr } = await review(here)
  expect(stdout).toBe((await review(folder())).stdout)
  expect(stderr).toMatch(/reviewer 11\/11, summariser 1\/1/)
})

test('the same review again asks nobody', async () => {
  const here = folder()
  const first = await review(here)
  const again = await review(here)
  expect(first.stdout).toContain('# Code review')
  expect(first.stderr).toMatch(/reviewer 11\/11, summariser 1\/1.*\n[^]*invoice of the scripted model: .*, the same/)
  expect(again.stdout).toBe(first.stdout)
  expect(again.stderr).not.toContain('invoice')
})

test.each([
  [['nowhere'], 'review.no_repository: '],
  [['.', '--base', 'none'], 'review.no_repository: '],
  [['--head', '-x'], 'example.bad_option: '],
  [['--head=none'], 'review.unknown_revision: '],
  [['--seed', 'x'], 'example.bad_option: --seed takes a whole number, found "x"'],
  [['--model', 'gpt'], 'example.bad_option: --model takes provider:model, found "gpt"'],
])('%j is refused with 2', async (args, message) => {
  const { code, stdout, stderr } = await review(folder(), ...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})
