import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'

import type { Handled } from '../src/triage-graph.ts'

const execute = promisify(execFile)
// Each test starts processes, up to three of them.
vi.setConfig({ testTimeout: 90_000 })
const main = join(import.meta.dirname, '../src/main.ts')
const victim = join(import.meta.dirname, 'victim.ts')

interface End {
  readonly code: number | null
  readonly signal?: string
  readonly stdout: string
  readonly stderr: string
}

/** A folder with the data of the example, which a test may change. */
function night(): string {
  const here = mkdtempSync(join(tmpdir(), 'meepo-triage-'))
  onTestFinished(() => rmSync(here, { recursive: true, force: true }))
  cpSync(join(import.meta.dirname, '../data'), join(here, 'data'), { recursive: true })
  return here
}

/** Runs the example as its users do, without a terminal; no key of this machine reaches it. */
async function start(module: string, cwd: string, ...args: readonly string[]): Promise<End> {
  const command = ['--conditions=meepo-source', module, '--data', 'data', ...args]
  const running = execute(process.execPath, command, { cwd, env: { PATH: process.env['PATH'] } })
  running.child.stdin?.end()
  try {
    return { code: 0, ...(await running) }
  } catch (thrown) {
    // What execFile throws when a process ends with another code than 0, or by a signal.
    return thrown as End
  }
}

async function incidents(cwd: string): Promise<Record<string, Handled['incident']>> {
  const { stdout } = await start(main, cwd, '--approve', '--json')
  const all: Handled[] = JSON.parse(stdout)
  return Object.fromEntries(all.map(({ alert, incident }) => [alert.id, incident]))
}

/** What happened to the world. */
function done(here: string): { readonly alertId: string; readonly action: string; readonly target: string }[] {
  const file = join(here, '.meepo/triage/remediations.jsonl')
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const everything = ['A-1', 'A-2', 'A-3', 'A-4', 'A-5']

test('each alert goes to the specialist that its log asks for, and ends with one remediation', async () => {
  const here = night()
  const found = await incidents(here)
  expect(Object.entries(found).map(([id, incident]) => [id, incident?.category, incident?.remediation])).toMatchObject([
    ['A-1', 'database', { status: 'done', action: 'kill_blocking_query', target: 'orders-db' }],
    ['A-2', 'network', { status: 'done', action: 'flush_dns_cache', target: 'index-node' }],
    ['A-3', 'network', { status: 'done', action: 'renew_certificate', target: 'mail-relay' }],
    ['A-4', 'application', { status: 'done', action: 'rollback_release', target: 'profile' }],
    ['A-5', 'database', { status: 'done', action: 'resync_replica', target: 'orders-db' }],
    ['A-6', 'unknown', { status: 'none' }],
  ])
  expect(
    done(here)
      .map(({ alertId }) => alertId)
      .toSorted(),
  ).toEqual(everything)
  const again = await start(main, here, '--approve')
  expect(again.stdout).toContain('kill_blocking_query on orders-db, receipt CHG-A-1-1')
  expect(again.stderr).not.toContain('waits for approval')
  expect(done(here)).toHaveLength(5)
})

test('nothing is done before a person agrees, also when the process ends meanwhile', async () => {
  const here = night()
  const waiting = await start(main, here)
  expect(waiting).toMatchObject({ code: 3, stdout: '' })
  expect(waiting.stderr).toContain('triage hands the conversation to database-specialist')
  expect(waiting.stderr).toContain('5 remediations wait for a person:')
  expect(done(here)).toEqual([])
  expect(await start(main, here)).toMatchObject({ code: 3 })
  expect(await start(main, here, '--approve')).toMatchObject({ code: 0 })
  expect(
    done(here)
      .map(({ alertId }) => alertId)
      .toSorted(),
  ).toEqual(everything)
})

test('a no ends in the report and changes nothing', async () => {
  const here = night()
  const { code, stdout, stderr } = await start(main, here, '--deny')
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('nothing was done') })
  expect(stdout.match(/Remediation: \w+ on [\w-]+ was denied/g)).toHaveLength(5)
  expect(done(here)).toEqual([])
})

test('a process that dies between a remediation and its record does not repeat it', async () => {
  const here = night()
  expect(await start(victim, here, '--approve')).toMatchObject({ code: null, signal: 'SIGKILL' })
  expect(done(here)).toHaveLength(1)
  const found = await incidents(here)
  expect(Object.values(found).map((incident) => incident?.remediation.status)).toEqual([
    ...Array(5).fill('done'),
    'none',
  ])
  expect(
    done(here)
      .map(({ alertId }) => alertId)
      .toSorted(),
  ).toEqual(everything)
})

test('other logs lead to other specialists and other evidence', async () => {
  const here = night()
  const logs = join(here, 'data/logs')
  const lines = [
    '2026-11-20T03:12:00Z ERROR could not connect to payments: socket closed',
    '2026-11-20T03:13:00Z ERROR could not connect to payments: socket closed',
  ]
  writeFileSync(join(logs, 'checkout.txt'), `${lines.join('\n')}\n`)
  writeFileSync(join(logs, 'payments.txt'), '2026-11-20T03:11:00Z WARN packet loss of 40 % on eth0\n')
  writeFileSync(join(logs, 'profile.txt'), '2026-11-20T04:36:00Z INFO all is well\n')
  const found = await incidents(here)
  expect(found['A-1']).toMatchObject({
    category: 'network',
    evidence: [{ service: 'payments', line: 1, quote: '2026-11-20T03:11:00Z WARN packet loss of 40 % on eth0' }],
    remediation: { status: 'done', action: 'reroute_traffic', target: 'payments' },
  })
  expect(found['A-4']).toMatchObject({ category: 'unknown', evidence: [], remediation: { status: 'none' } })
})

test.each([
  ['alerts.json', '{', 'it is no JSON'],
  ['alerts.json', '[]', 'the whole: '],
  ['alerts.json', '[{"id":"A","service":"checkout","title":"t","at":"yesterday"}]', '0.at: '],
  [
    'alerts.json',
    '[{"id":"A","service":"nowhere","title":"t","at":"2026-11-20T03:14:00Z"}]',
    'alert A: services.json has no service nowhere',
  ],
  ['services.json', '{"checkout":{}}', 'checkout.dependsOn: '],
])('%s with %s is refused with 2', async (file, text, message) => {
  const here = night()
  writeFileSync(join(here, 'data', file), text)
  const { code, stdout, stderr } = await start(main, here)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/triage\.bad_data: .*\n {2}Correct the file/)
  expect(stderr).toContain(`${file}: ${message}`)
  expect(existsSync(join(here, '.meepo'))).toBe(false)
})

test.each([
  [['nowhere.json'], 'triage.bad_data: '],
  [['--approve', '--deny'], 'example.bad_option: --approve and --deny exclude each other'],
])('%j is refused with 2', async (args, message) => {
  const { code, stderr } = await start(main, night(), ...args)
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})
