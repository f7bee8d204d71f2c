// Random programs of payments that their budget stops again and again. `npm run properties` tries many more than the unit
// tests do.

import { seededRandom } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { mortalMachine, mortalStore, type Life } from './testing/mortal.ts'
import { createPayer, drawPaying, type Payment } from '../test/paying-program.ts'
import { createEmbeddedEngine, type EmbeddedEngine } from './index.ts'

const isLong = process.env['MEEPO_PROPERTY_RUNS'] !== undefined
const programs = Number(process.env['MEEPO_PROPERTY_RUNS'] ?? 75)
const seed = Number(process.env['MEEPO_PROPERTY_SEED'] ?? (isLong ? Date.now() % 2 ** 31 : 0))

async function raiseToTheEnd(name: string, mayDie: boolean) {
  const seeded = seededRandom(name)
  const random = (): number => seeded.next()
  const machine = createTestMachine({ startAt: 1_700_000_000_000, seed: name })
  const { scheduler } = machine
  const store = createMemoryStore({ now: () => scheduler.now() })
  const { definition, payments, told } = createPayer(machine, random)
  let life: Life = { isDead: false }
  const open = async (): Promise<EmbeddedEngine> => {
    life = { isDead: false }
    const engine = createEmbeddedEngine({
      store: mortalStore(store, life),
      machine: mortalMachine(machine, life),
      idleMs: random() < 0.5 ? 0 : 60_000,
      beatMs: 100,
      missedBeats: 3,
    })
    engine.register(definition as never)
    await scheduler.until(engine.begin())
    return engine
  }
  let engine = await open()
  /** Ends the process, mostly while the run goes on, and begins another. */
  const die = async (): Promise<void> => {
    await scheduler.advance(Math.floor(random() * 6))
    life.isDead = true
    told.deaths++
    engine = await open()
  }

  let budget = 100
  const limits = (): { picoDollars: string } => ({ picoDollars: String(budget) })
  const parts = [0, 1].map((at) => drawPaying(random, 3, `r.${at}`))
  const program = { kind: 'both', name: 'r', parts } as const
  const { runId } = await scheduler.until(engine.start(definition, program, { limits: limits() }))
  for (let raises = 0; raises < 30; raises++) {
    if (mayDie && random() < 0.3) await die()
    const { status, error } = await scheduler.until(engine.handle(runId).result())
    if (status === 'completed') break
    expect(error?.code).toBe('budget.exceeded')
    budget += raises > 20 ? 10_000 : Math.floor(random() * 200)
    if (mayDie && random() < 0.1) await die()
    await scheduler.until(engine.resume(runId, limits()))
    told.raises++
  }
  expect((await scheduler.until(engine.handle(runId).result())).status).toBe('completed')
  expect(await store.money.reservations('system')).toEqual([])
  await scheduler.until(engine.stop())
  checkPayments(payments, mayDie)
  return told
}

/** Whatever was begun again in another process has the same key. */
function checkPayments(payments: readonly Payment[], mayDie: boolean): void {
  const steps = new Set(payments.map(({ step }) => step))
  expect(new Set(payments.map(({ key }) => key)).size, 'keys of payments').toBe(steps.size)
  const once = payments.filter(({ isOnce }) => isOnce || !mayDie).map(({ step }) => step)
  expect(once.length, 'payments that must not be repeated').toBe(new Set(once).size)
}

for (const mayDie of [false, true]) {
  test(
    `a run that its budget stops again and again comes to its end${mayDie ? ', also when processes die,' : ''} and pays for each step once`,
    async () => {
      const sum = { raises: 0, deaths: 0, asked: 0 }
      for (let index = 0; index < programs; index++) {
        const name = `raised ${seed + index}`
        const told = await raiseToTheEnd(name, mayDie).catch((thrown: unknown) => {
          throw new Error(`program "${name}": ${String(thrown)}`, { cause: thrown })
        })
        sum.raises += told.raises
        sum.deaths += told.deaths
        sum.asked += told.asked
      }
      console.log(`seed ${seed}: ${JSON.stringify(sum)}`)
      expect(sum.raises).toBeGreaterThan(programs)
      if (mayDie) expect(Math.min(sum.deaths, sum.asked)).toBeGreaterThan(0)
    },
    isLong ? 3_600_000 : 60_000,
  )
}
