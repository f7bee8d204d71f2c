import { define, defineAgent } from '@meepo/core'
import { createBookingModel } from '@meepo/core/testing'
import { startPostgresServer } from '@meepo/store-postgres/testing'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { string } from 'zod'
import { createMeepo } from '../create-meepo.ts'

const agent = defineAgent({ name: 'clerk', instructions: 'Help.', model: createBookingModel() })
const budget = { name: 'people', scope: 'user', limit: 1, period: 'month' } as const

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-erase-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const stores = {
  memory: async () => 'memory',
  SQLite: async () => join(newFolder(), 'meepo.db'),
  PostgreSQL: async () => {
    const server = await startPostgresServer()
    onTestFinished(() => server.remove())
    return server.url
  },
}

test.each(Object.entries(stores))('what is known of one person goes, in %s; amounts stay', async (_name, store) => {
  const archive = newFolder()
  const meepo = await createMeepo({ store: await store(), archive, definitions: [agent], budgets: [budget] })
  onTestFinished(() => meepo.stop({ graceMs: 0 }))
  const say = async (actor: string, runId: string) => meepo.run(agent, `I am ${actor}, whole name`, { actor, runId })
  for (const [actor, runId] of [
    ['ann', 'a1'],
    ['ann', 'a2'],
    ['ann', 'a3'],
    ['bob', 'b1'],
  ] as const)
    await say(actor, runId)
  for (const runId of ['a1', 'a2', 'b1']) await meepo.archive.put(runId)
  await meepo.checkpoints.hold('a1@2')
  await meepo.checkpoints.hold('b1@2')
  // Removed long ago, and still in the archive and in the books.
  const prune = { definition: 'clerk', statuses: ['completed'], endedBefore: Date.now() + 1, limit: 9 } as const
  await meepo.store.log.prune('system', { ...prune, runs: ['a2'] })
  const spent = await meepo.costs.forAgent('clerk')

  const receipt = await meepo.erase('user:ann')
  expect(receipt).toMatchObject({
    runs: 2,
    ledgerLines: 3,
    archived: 3,
    alias: expect.stringMatching(/^user:erased-\w{12}$/),
  })
  expect(receipt.subjectHash).toMatch(/^[\da-f]{64}$/)
  expect((await meepo.engine.runs()).map(({ runId }) => runId)).toEqual(['b1'])
  expect(await meepo.archive.list()).toEqual(['b1'])
  expect((await meepo.checkpoints.held()).map(({ id }) => id)).toEqual(['b1@2'])
  expect(await meepo.costs.forAgent('clerk')).toEqual(spent)
  expect((await meepo.costs.forUser('ann')).picoDollars).toBe('0')
  expect((await meepo.costs.forUser(receipt.alias.slice(5))).picoDollars).toBe('180')
  const { money } = meepo.store
  const books = JSON.stringify([await money.ledger('system'), await money.accounts(''), await money.alerts()])
  expect(books).not.toMatch(/user:ann\b|I am ann/)
  const files = readdirSync(archive, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('')).not.toMatch(
    /I am ann/,
  )
  expect(await meepo.erase('user:ann')).toMatchObject({ runs: 0, ledgerLines: 0, archived: 0 })
})

test('while a run of theirs goes on nothing is erased', async () => {
  const patient = define({ name: 'patient', input: string(), run: (ctx) => ctx.signalled('go') })
  const meepo = await createMeepo({ store: 'memory', archive: newFolder() })
  onTestFinished(() => meepo.stop({ graceMs: 0 }))
  await meepo.run(agent, 'hello', { actor: 'ann', runId: 'ended' })
  const open = await meepo.start(patient, 'hello', { actor: 'ann', runId: 'open' })
  await expect(meepo.erase('user:ann')).rejects.toMatchObject({ code: 'erase.open_runs', details: { runs: ['open'] } })
  expect((await meepo.engine.runs()).map(({ runId }) => runId)).toEqual(['open', 'ended'])
  await open.signal('go', null)
  await open.result()
  expect(await meepo.erase('user:ann')).toMatchObject({ runs: 2 })
  await expect(meepo.erase('ann')).rejects.toMatchObject({ code: 'config.invalid' })
})
