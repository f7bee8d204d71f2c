import { expect, test } from 'vitest'

import type { SimulatorAnswer, SimulatorRequest, SimulatorScript } from '../script.ts'
import { withFaults } from './with-faults.ts'
import type { SimulatorFault } from './with-faults.ts'

const settings = { seed: 1, elapsedMs: () => 500 }
const reset: SimulatorFault = { fault: { kind: 'reset' }, chance: 0.05 }

function drawn(faults: readonly SimulatorFault[], script: SimulatorScript = () => ({ text: 'x' })): SimulatorAnswer[] {
  const broken = withFaults(script, faults, settings)
  // Only the number is looked at, and the script answers at once.
  return Array.from({ length: 1000 }, (_, at) => broken({ number: at + 1 } as SimulatorRequest) as SimulatorAnswer)
}

test('a share of all answers breaks, the same ones each time', () => {
  const answers = drawn([reset])
  const broken = answers.filter(({ fault }) => fault?.kind === 'reset')
  expect(broken.length).toBeGreaterThan(25)
  expect(broken.length).toBeLessThan(80)
  expect(broken[0]).toEqual({ text: 'x', fault: { kind: 'reset' } })
  expect(drawn([reset])).toEqual(answers)
})

test('a second fault does not change where the first falls, and an answer has one only', () => {
  const first = drawn([reset]).map(({ fault }) => fault !== undefined)
  const both = drawn([reset, { fault: { kind: 'hang' }, chance: 0.5 }])
  expect(both.filter(({ fault }) => fault?.kind === 'reset')).toHaveLength(first.filter(Boolean).length)
})

test('a fault of the script stays, and a window closes', () => {
  const own: SimulatorScript = () => ({ fault: { kind: 'hang' } })
  expect(drawn([{ ...reset, chance: 1 }], own).every(({ fault }) => fault?.kind === 'hang')).toBe(true)
  expect(drawn([{ ...reset, chance: 1, window: { fromMs: 501 } }]).some(({ fault }) => fault)).toBe(false)
})

test('an answer that comes later breaks as well', async () => {
  const later: SimulatorScript = () => Promise.resolve({ text: 'x' })
  const broken = withFaults(later, [{ fault: { kind: 'reset' } }], settings)
  // Only the number is looked at.
  expect(await broken({ number: 1 } as SimulatorRequest)).toEqual({ text: 'x', fault: { kind: 'reset' } })
})
