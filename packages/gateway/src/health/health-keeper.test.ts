import { createMemoryHealthBoard, type HealthBoard } from '@meepo/core'
import { expect, test } from 'vitest'

import { HealthKeeper, type HealthOutcome } from './health-keeper.ts'
import { describeHealth } from './target-health.ts'

const keys = { credential: 'p/default', target: 'p/default/m' }
const sibling = { credential: 'p/default', target: 'p/default/other' }
const sure = { probes: [] }
const success: HealthOutcome = { kind: 'success' }
let calls = 0
const failure = (): HealthOutcome => ({ kind: 'failure', why: 'model.unavailable', call: `call ${calls++}` })

interface Shared {
  readonly clock: { now: number }
  readonly board: HealthBoard
  readonly troubles: unknown[]
  readonly keepers: [HealthKeeper, HealthKeeper, ...HealthKeeper[]]
}

/** Processes that share a board and a clock. */
function processes(count: number, board: HealthBoard = createMemoryHealthBoard()): Shared {
  const clock = { now: 0 }
  const troubles: unknown[] = []
  const keepers = Array.from(
    { length: count },
    (_, index) =>
      new HealthKeeper({
        board,
        id: `process ${index}`,
        now: () => clock.now,
        random: () => 0,
        onTrouble: (error) => troubles.push(error),
      }),
  )
  // Tests ask for as many as they use.
  return { clock, board, troubles, keepers: keepers as [HealthKeeper, HealthKeeper, ...HealthKeeper[]] }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

async function openIt({ keepers: [one] }: Shared): Promise<void> {
  for (let count = 0; count < 5; count++) one.ended(keys, sure, failure())
  await settled()
}

test('a healthy target writes nothing on the board', async () => {
  const { board, keepers } = processes(1)
  keepers[0].ended(keys, sure, success)
  await settled()
  expect(await board.read()).toEqual([])
  expect(keepers[0].enter(keys)).toEqual(sure)
})

test('another process sees an open breaker within a second', async () => {
  const given = processes(2)
  const [, other] = given.keepers
  await other.refresh()
  await openIt(given)
  given.clock.now = 999
  expect(other.refresh()).toBeUndefined()
  given.clock.now = 1_000
  await other.refresh()
  expect(other.standing(keys)).toEqual({ kind: 'open', until: 5_000 })
  expect(other.why(keys)).toBe('model.unavailable')
  expect(other.enter(keys)).toBeUndefined()
})

test('of all processes one gets the probe; two probes that succeed close it for everybody', async () => {
  const given = processes(3)
  const { clock, keepers } = given
  await openIt(given)
  for (const round of [1, 2]) {
    clock.now = 5_000 * round
    for (const keeper of keepers) await keeper.refresh()
    const passes = await Promise.all(keepers.map(async (keeper) => await keeper.enter(keys)))
    const holders = passes.flatMap((pass, index) => (pass ? [{ pass, keeper: keepers[index] }] : []))
    expect(holders).toHaveLength(1)
    for (const { pass, keeper } of holders) keeper?.ended(keys, pass, success)
    await settled()
  }
  clock.now += 1_000
  for (const keeper of keepers) {
    await keeper.refresh()
    expect(keeper.standing(keys)).toEqual({ kind: 'closed' })
  }
})

test('a probe that fails opens it again, for longer; one that says nothing is given back', async () => {
  const given = processes(1)
  const [one] = given.keepers
  await openIt(given)
  given.clock.now = 5_000
  const first = await one.enter(keys)
  one.ended(keys, first ?? sure, { kind: 'neutral' })
  expect(one.standing(keys)).toEqual({ kind: 'half_open' })
  const second = await one.enter(keys)
  expect(second?.probes).toEqual([keys.target])
  one.ended(keys, second ?? sure, failure())
  expect(one.standing(keys)).toEqual({ kind: 'open', until: 15_000 })
})

test('a refused key takes all its models out; an unknown model only itself', async () => {
  const { keepers } = processes(1)
  const [one] = keepers
  one.ended(keys, sure, { kind: 'open_target', why: 'model.not_found' })
  expect(one.standing(keys).kind).toBe('open')
  expect(one.standing(sibling).kind).toBe('closed')
  one.ended(sibling, sure, { kind: 'open_key', why: 'model.unauthorized' })
  expect(one.standing(sibling)).toEqual({ kind: 'open', until: 60_000 })
  expect(one.why(sibling)).toBe('model.unauthorized')
})

test('the probe of a key is over when the key was accepted, whatever else went wrong', async () => {
  const { clock, keepers } = processes(1)
  const [one] = keepers
  one.ended(keys, sure, { kind: 'open_key', why: 'model.unauthorized' })
  await settled()
  for (const round of [1, 2]) {
    clock.now = 60_000 * round
    const pass = await one.enter(keys)
    expect(pass?.probes).toEqual([keys.credential])
    one.ended(keys, pass ?? sure, { kind: 'cooldown', why: 'model.rate_limited', waitMs: 10 })
    await settled()
  }
  clock.now = 200_000
  expect(one.standing(keys)).toEqual({ kind: 'closed' })
})

test('a board that cannot be reached stops nobody, and is told', async () => {
  const broken: HealthBoard = {
    read: () => Promise.reject(new Error('gone')),
    write: () => Promise.reject(new Error('gone')),
  }
  const given = processes(1, broken)
  const [one] = given.keepers
  await one.refresh()
  await openIt(given)
  expect(one.standing(keys).kind).toBe('open')
  given.clock.now = 5_000
  expect((await one.enter(keys))?.probes).toEqual([keys.target])
  expect(given.troubles.length).toBeGreaterThan(1)
})

test('rows for people name provider, key, model and region, and leave the mark of the secret out', () => {
  const state = { openUntil: 9, opened: 1, proven: 0, coolUntil: 0, cooled: 0, why: 'model.unavailable' }
  expect(
    describeHealth(
      [
        { key: 'p/team#0123abcd/a/b@eu', revision: 1, state },
        { key: 'p/team#0123abcd', revision: 1, state: {} },
      ],
      0,
    ),
  ).toEqual([
    {
      provider: 'p',
      key: 'team',
      model: 'a/b',
      region: 'eu',
      state: 'open',
      until: 9,
      why: 'model.unavailable',
      opened: 1,
    },
    { provider: 'p', key: 'team', state: 'closed', opened: 0 },
  ])
})
