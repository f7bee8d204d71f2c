import { define, defineAgent, MeepoError } from '@meepo/core'
import { readDocument } from '@meepo/core/archive'
import { createBookingModel } from '@meepo/core/testing'
import { startPostgresServer, type PostgresServer } from '@meepo/store-postgres/testing'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { number } from 'zod'
import { createMeepo, type Meepo } from '../create-meepo.ts'
import type { MeepoOptions } from '../options.ts'

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-import-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Asks a model, pays, waits to be told, asks again, pays again. */
function orders() {
  const model = createBookingModel()
  const keys: string[] = []
  const agent = defineAgent({ name: 'clerk', instructions: 'Decide.', model })
  const pay = define<number, string>({
    name: 'order',
    input: number(),
    uses: [agent],
    run: async (ctx, n) => {
      await ctx.child(agent, 'first', `order ${n}`)
      const payment = async (attempt: { readonly idempotencyKey: string }): Promise<string> => {
        keys.push(attempt.idempotencyKey)
        return 'y'.repeat(300_000)
      }
      await ctx.step('pay', { effect: 'once' }, payment)
      const word = await ctx.signalled<string>('go')
      await ctx.child(agent, 'second', `order ${n}`)
      await ctx.step('pay more', { effect: 'once' }, payment)
      return `${word} ${n}`
    },
  })
  return { pay, model, keys }
}

async function open(options: MeepoOptions): Promise<Meepo> {
  const meepo = await createMeepo({ archive: newFolder(), ...options })
  onTestFinished(() => meepo.stop({ graceMs: 0 }))
  return meepo
}

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgresServer()
})
afterAll(() => postgres.remove())

const budget = { name: 'all', scope: 'tenant', limit: 1, period: 'forever' } as const

const stores: Record<string, () => string> = {
  memory: () => 'memory',
  SQLite: () => join(newFolder(), 'meepo.db'),
  PostgreSQL: () => postgres.url,
}

async function untilWaiting(meepo: Meepo, runId: string): Promise<void> {
  for await (const event of meepo.engine.handle(runId).events()) if (event.type === 'signal.awaited') return
}

async function money(meepo: Meepo, runId: string) {
  const ledger = await meepo.store.money.ledger('system', {})
  const [own] = await meepo.store.money.balances([`run:${runId}`])
  const { picoDollars } = await meepo.costs.forRun(runId)
  const accounts = await meepo.store.money.accounts('all/')
  return {
    lines: ledger.map(({ id, runId: run }) => `${id} of ${run}`).toSorted(),
    own: own?.settled,
    report: picoDollars,
    budget: accounts.reduce((sum, { settled }) => sum + BigInt(settled), 0n),
  }
}

describe.each([
  ['SQLite', 'PostgreSQL'],
  ['PostgreSQL', 'memory'],
  ['memory', 'SQLite'],
])('a run of %s in %s', (from, to) => {
  test('goes on there as it was: values, keys of effects, costs', async () => {
    const { pay, model, keys } = orders()
    const first = await open({ store: stores[from]?.() ?? '', definitions: [pay], budgets: [budget] })
    const runId = `order ${from} ${to}`
    const before = (await money(first, runId)).budget
    await first.start(pay, 7, { runId })
    await untilWaiting(first, runId)
    const text = await first.archive.export(runId)
    expect((await money(first, runId)).budget - before).toBe(60n)
    await first.stop()
    expect(model.sent).toHaveLength(1)

    const second = await open({ store: stores[to]?.() ?? '', definitions: [pay], budgets: [budget] })
    expect(await second.archive.import(text)).toEqual({ runId, kind: 'imported', runs: 2 })
    expect(await second.archive.import(text)).toEqual({ runId, kind: 'exists', runs: 0 })
    expect(await money(second, runId)).toMatchObject({ own: '60', report: '60', budget: 0n })
    const handle = await second.engine.resume(runId)
    await handle.signal('go', 'done')
    expect(await handle.result()).toMatchObject({ result: 'done 7', success: true })
    expect(model.sent).toHaveLength(2)
    expect(keys).toEqual([...new Set(keys)])
    const after = await money(second, runId)
    expect(after).toMatchObject({ own: '120', report: '120', budget: 60n })
    expect(after.lines).toHaveLength(2)
    // The same start finds it, as it would have found it where it came from.
    expect((await second.start(pay, 7, { runId })).runId).toBe(runId)

    // Back, once it has ended: the first store knows a shorter log.
    const ended = await second.archive.export(runId)
    const third = await open({ store: 'memory', definitions: [pay] })
    expect(await third.archive.import(ended)).toMatchObject({ kind: 'imported', runs: 3 })
    expect(await third.engine.handle(runId).record()).toEqual(await handle.record())
    expect(await third.archive.export(runId).then(withoutTime)).toEqual(withoutTime(ended))
  })
})

function withoutTime(text: string) {
  return readDocument(hash, text).tree
}

describe('importing', () => {
  test('a run that was removed comes back, and no cost is counted twice', async () => {
    const { pay } = orders()
    const meepo = await open({ store: join(newFolder(), 'meepo.db'), definitions: [pay] })
    const handle = await meepo.start(pay, 1)
    await handle.signal('go', 'x')
    await handle.result()
    await meepo.archive.put(handle.runId)
    const before = await meepo.costs.forRun(handle.runId)
    const prune = { definition: 'order', statuses: ['completed'], endedBefore: Date.now() + 1, limit: 9 } as const
    expect(await meepo.store.log.prune('system', prune)).toBe(3)
    expect(await meepo.archive.list()).toEqual([handle.runId])
    expect(await meepo.archive.get(handle.runId)).toMatchObject({ kind: 'imported', runs: 3 })
    expect(await meepo.costs.forRun(handle.runId)).toEqual(before)
    expect(await handle.record()).toMatchObject({ success: true, cost: { treePicoDollars: '120' } })
    await meepo.archive.delete(handle.runId)
    await expect(meepo.archive.get(handle.runId)).rejects.toMatchObject({ code: 'archive.not_found' })
  })

  test('what is no whole document of this release is refused, and nothing is written', async () => {
    const { pay } = orders()
    const source = await open({ store: 'memory', definitions: [pay] })
    const handle = await source.start(pay, 1)
    await untilWaiting(source, handle.runId)
    const text = await source.archive.export(handle.runId)
    const target = await open({ store: 'memory' })
    const lines = text.trimEnd().split('\n')
    const cases: readonly (readonly [string, string])[] = [
      ['archive.unknown_form', ''],
      ['archive.unknown_form', 'hello'],
      ['archive.unknown_form', '{"form":"other","version":1}'],
      ['archive.newer', text.replace('"version":1', '"version":2')],
      ['archive.tampered', text.replace('"value":1', '"value":2')],
      ['archive.tampered', text.replace('yyy', 'yyx')],
      ['archive.tampered', text.slice(0, text.length >> 1)],
      ['archive.tampered', lines.slice(0, -1).join('\n')],
      ['archive.tampered', lines.toSpliced(1, 1).join('\n')],
      ['archive.tampered', [lines[0], lines[2], lines[1], ...lines.slice(3)].join('\n')],
      ['archive.tampered', text.replace('"tenant":"default"', '"tenant":"other"')],
    ]
    for (const [code, bad] of cases) {
      await expect(target.archive.import(bad), bad.slice(0, 80)).rejects.toMatchObject({ code })
    }
    expect(await target.engine.runs()).toEqual([])
    const reordered = lines.map((line) => JSON.stringify(JSON.parse(line))).join('\n')
    expect(await target.archive.import(reordered)).toMatchObject({ kind: 'imported' })
  })

  test('another run of the same id is not overwritten', async () => {
    const { pay } = orders()
    const source = await open({ store: 'memory', definitions: [pay] })
    const target = await open({ store: 'memory', definitions: [pay] })
    await source.start(pay, 1, { runId: 'same' })
    await untilWaiting(source, 'same')
    await target.start(pay, 2, { runId: 'same' })
    await untilWaiting(target, 'same')
    const imported = target.archive.import(await source.archive.export('same'))
    await expect(imported).rejects.toMatchObject({ code: 'archive.conflict' })
  })

  test('a call that a dead process left open is booked once, where the run goes on', async () => {
    let isHanging = true
    const model = createBookingModel({ send: () => (isHanging ? new Promise(() => {}) : Promise.resolve()) })
    const agent = defineAgent({ name: 'clerk', instructions: 'Decide.', model })
    const store = join(newFolder(), 'meepo.db')
    const first = await open({ store })
    await first.start(agent, 'hello', { runId: 'cut' })
    for await (const { type } of first.engine.handle('cut').events()) if (type === 'call.started') break
    await first.stop({ graceMs: 0, hardLimitMs: 0 })
    const looking = await open({ store })
    const text = await looking.archive.export('cut')
    isHanging = false
    const second = await open({ store: 'memory', definitions: [agent], budgets: [budget] })
    await second.archive.import(text)
    const record = await (await second.engine.resume('cut')).result()
    expect(record).toMatchObject({
      success: true,
      cost: { picoDollars: '160', unknownCalls: 1, treePicoDollars: '160' },
    })
    const lines = await second.store.money.ledger('system', { runId: 'cut' })
    expect(lines.map(({ entry }) => `${entry.cost.status} ${entry.cost.picoDollars}`)).toEqual([
      'unknown 100',
      'settled 60',
    ])
    expect(await second.store.money.reservations('system')).toEqual([])
    // What was sent elsewhere is not charged to budgets here.
    expect((await money(second, 'cut')).budget).toBe(60n)
  })

  test('a checkpoint is no run', async () => {
    const { pay } = orders()
    const meepo = await open({ store: 'memory', definitions: [pay] })
    const { runId } = await meepo.start(pay, 1)
    await untilWaiting(meepo, runId)
    await meepo.checkpoints.hold(`${runId}@2`)
    const [entry] = await meepo.checkpoints.held()
    expect(entry).toMatchObject({ seq: 2, kind: 'start' })
    await expect(meepo.archive.get(runId)).rejects.toSatisfy((thrown) => MeepoError.is(thrown))
  })
})
