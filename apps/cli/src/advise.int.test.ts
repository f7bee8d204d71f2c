import { DatabaseSync } from 'node:sqlite'
import type { LedgerEntry } from '@meepo/core'
import { openSqliteStore } from '@meepo/store-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { runInside } from '../test-support/inside.ts'
import { createProject, type Ended, type Project } from '../test-support/project.ts'

const dayMs = 86_400_000

/** One watched call of a model, at $0.001 each. */
function lineOf(index: number, at: number, more: object): LedgerEntry {
  return {
    id: `c${index}`,
    at,
    tenant: 'default',
    scopes: ['tenant:default'],
    kind: 'call',
    entry: {
      target: 'local:test',
      outcome: 'ok',
      cost: { status: 'settled', picoDollars: '1000000000' },
      usage: { input: 10, output: 10, cacheRead: 0, cacheWrite: 0, reasoning: 0, calls: 1 },
      startedAt: at,
      durationMs: 5,
      try: 1,
      facts: { isStreamed: true, requestHash: `h${index}` },
      ...more,
    },
  }
}

async function withLedger(lines: readonly LedgerEntry[]): Promise<Project> {
  const project = createProject(onTestFinished)
  const store = await openSqliteStore({ path: project.path('.meepo/meepo.db') })
  await store.money.book({ tenant: 'default' }, [], lines)
  await store.close()
  return project
}

function advise(project: Project, ...args: string[]): Promise<Ended> {
  return runInside(project, 'http://127.0.0.1:9/v1', 'advise', ...args)
}

test('advise says what repeated requests and failures cost, and its query proves it', async () => {
  const now = Date.now()
  const lines = Array.from({ length: 40 }, (_, index) => lineOf(index, now - dayMs + index, {}))
  for (let index = 40; index < 50; index += 1) {
    lines.push(lineOf(index, now - dayMs + index, { facts: { isStreamed: true, requestHash: 'h0' } }))
    lines.push(
      lineOf(index + 100, now - dayMs + index, { outcome: 'failed', error: { code: 'model.timeout', message: '' } }),
    )
  }
  const project = await withLedger(lines)
  const { out, code } = await advise(project, '--json')
  // What the command line prints.
  const { advice } = JSON.parse(out) as {
    advice: { rule: string; picoDollars: string; calls: number; proof: string }[]
  }
  expect(code).toBe(0)
  expect(new Map(advice.map(({ rule, picoDollars }) => [rule, picoDollars]))).toEqual(
    new Map([
      ['duplicates', '10000000000'],
      ['retry-waste', '10000000000'],
    ]),
  )
  const database = new DatabaseSync(project.path('.meepo/meepo.db'), { readOnly: true })
  const proofs = advice.map(({ rule, proof }) => [rule, database.prepare(proof).get()])
  database.close()
  expect(new Map(proofs as [string, object][])).toEqual(
    new Map([
      // The first of them had to be asked.
      ['duplicates', { calls: 11, pico_dollars: 11_000_000_000 }],
      ['retry-waste', { calls: 10, pico_dollars: 10_000_000_000 }],
    ]),
  )
  const { out: text } = await advise(project)
  expect(text).toMatch(/^\$0\.01 less a month {2}(?:duplicates|retry-waste)\n {2}\w/)
  expect(text).toMatch(/model\.timeout 10\n {2}SELECT /)
})

test('a clean ledger, another tenant and a later day give no advice', async () => {
  const now = Date.now()
  const clean = await withLedger([lineOf(1, now - dayMs, {}), lineOf(2, now - dayMs, {})])
  expect(await advise(clean)).toMatchObject({ code: 0, out: '', err: 'nothing to advise\n' })
  const wasteful = await withLedger([lineOf(1, now - 3 * dayMs, { outcome: 'failed' })])
  expect((await advise(wasteful)).out).toContain('retry-waste')
  expect((await advise(wasteful, '--since', '1d')).err).toBe('nothing to advise\n')
  expect((await advise(wasteful, '--tenant', 'umbra')).err).toBe('nothing to advise\n')
})
