import fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  cool,
  dropProbe,
  healthy,
  open,
  openTimes,
  readState,
  standing,
  succeed,
  takeProbe,
  type TargetState,
} from './target-state.ts'

const opened = (now: number, from = healthy, draw = 0): TargetState =>
  open(from, 'model.unavailable', openTimes, now, draw)

test('it opens for five seconds, and twice as long each time, up to two minutes', () => {
  let state = healthy
  const lengths: number[] = []
  let now = 0
  for (let index = 0; index < 7; index++) {
    state = opened(now, state)
    lengths.push(state.openUntil - now)
    now = state.openUntil
  }
  expect(lengths).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000])
})

test('another failure while it is open never shortens it, and is no second illness', () => {
  const first = opened(0, healthy, 1)
  const again = opened(100, first, 0)
  expect(again.openUntil).toBe(Math.max(first.openUntil, 5_100))
  expect(again.opened).toBe(1)
  expect(opened(4_000, first, 0).openUntil).toBe(9_000)
})

test('behind its deadline it is half open: one probe at a time, and two that succeed close it', () => {
  const state = opened(0)
  expect(standing(state, 4_999)).toEqual({ kind: 'open', until: 5_000 })
  expect(standing(state, 5_000)).toEqual({ kind: 'half_open' })
  const probing = takeProbe(state, 'me', 5_000)
  expect(standing(probing, 5_001)).toEqual({ kind: 'probing', until: 65_000 })
  const once = succeed(probing, true)
  expect(standing(once, 5_002)).toEqual({ kind: 'half_open' })
  expect(succeed(takeProbe(once, 'me', 5_003), true)).toEqual(healthy)
})

test('the probe of a process that died is free after a minute', () => {
  const probing = takeProbe(opened(0), 'dead', 5_000)
  expect(standing(probing, 65_000)).toEqual({ kind: 'half_open' })
})

test('a probe that says nothing is given back, and one that fails opens it longer', () => {
  const probing = takeProbe(opened(0), 'me', 5_000)
  expect(standing(dropProbe(probing), 5_001)).toEqual({ kind: 'half_open' })
  expect(standing(opened(5_001, probing), 5_002)).toEqual({ kind: 'open', until: 15_001 })
})

test('a cooldown by the word of the provider is a floor that only rises, and no illness', () => {
  const state = cool(cool(healthy, 3_000, 0), 1_000, 0)
  expect(standing(state, 2_999)).toEqual({ kind: 'cooling', until: 3_000 })
  expect(standing(state, 3_000)).toEqual({ kind: 'closed' })
})

test('without a word it cools 1, 2, 4 … 60 seconds; refusals of calls sent together are one', () => {
  let state = healthy
  let now = 0
  const lengths: number[] = []
  for (let index = 0; index < 8; index++) {
    state = cool(state, undefined, now)
    expect(cool(state, undefined, now).cooled).toBe(state.cooled)
    lengths.push(state.coolUntil - now)
    now = state.coolUntil
  }
  expect(lengths).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  expect(succeed(state, false).cooled).toBe(0)
})

test('a success of a healthy target changes nothing', () => {
  expect(succeed(healthy, false)).toBe(healthy)
})

test('a deadline that only a wrong clock can have set is not believed', () => {
  expect(standing({ ...healthy, openUntil: 10 ** 15, coolUntil: 10 ** 15 }, 0)).toEqual({ kind: 'half_open' })
})

test('what another process wrote comes back as it was, and nonsense is healthy', () => {
  const state = takeProbe(opened(0), 'me', 5_000)
  expect(readState(JSON.parse(JSON.stringify(state)))).toEqual(state)
  expect(readState({ openUntil: 'soon', opened: -1, probe: [1], why: 3, coolUntil: null })).toEqual(healthy)
})

test('whatever happens, the deadline never falls but by proof', () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant('open' as const), draw: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constant('cool' as const), waitMs: fc.option(fc.nat(90_000), { nil: undefined }) }),
    fc.record({ kind: fc.constant('probe' as const) }),
    fc.record({ kind: fc.constant('drop' as const) }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40_000), event), { maxLength: 40 }), (steps) => {
      let state = healthy
      let now = 0
      for (const [gap, one] of steps) {
        now += gap
        const before = state
        if (one.kind === 'open') state = opened(now, state, one.draw)
        else if (one.kind === 'cool') state = cool(state, one.waitMs, now)
        else if (one.kind === 'probe') state = takeProbe(state, 'me', now)
        else state = dropProbe(state)
        expect(state.openUntil).toBeGreaterThanOrEqual(before.openUntil)
        expect(state.coolUntil).toBeGreaterThanOrEqual(before.coolUntil)
        expect(state.openUntil - now).toBeLessThanOrEqual(132_000)
      }
    }),
  )
})
