import type { JournalEntry } from '@meepo/simulator'
import { expect, test } from 'vitest'

import { auditCrashes } from './audit.ts'
import type { Kill } from './audit.ts'
import type { EffectLine } from './effects.ts'

function begun(key: string, hash = 'h'): EffectLine {
  return { kind: 'begun', key, name: 'tool', hash }
}

function asked(idempotencyKey: string, body: unknown = {}): JournalEntry {
  const nothing = { inputTokens: 0, outputTokens: 0, billed: true, aborted: false }
  return { number: 1, path: '/', startedAt: 0, idempotencyKey, body, ...nothing }
}

function kill(completed: string[], open: string[], effectLines: number, requests: number): Kill {
  return {
    durable: { completed: new Set(completed), open: new Set(open), answers: 0, agents: 0 },
    effectLines,
    requests,
  }
}

test('what was in flight at a kill may run once more', () => {
  const kills = [kill(['a'], ['b'], 2, 1)]
  const audit = auditCrashes(kills, [begun('a'), begun('c'), begun('c')], [asked('b'), asked('b')])
  expect(audit).toMatchObject({ violations: [], steps: 3, executions: 5, repeats: 2, inFlight: 2 })
  expect(audit.kills).toEqual([{ completed: 1, inFlight: 2, repeated: 2 }])
  expect(audit.fromLog).toBeCloseTo(1 / 3)
})

test('a durable step that runs again is a violation', () => {
  const { violations } = auditCrashes([kill(['a'], [], 1, 0)], [begun('a'), begun('a')], [])
  expect(violations).toContain('a ran again after kill 1, though its result was durable')
})

test('so is a repeat that no kill excuses', () => {
  expect(auditCrashes([], [begun('a'), begun('a')], []).violations).toEqual([
    'a ran 2 times without a kill to excuse it',
  ])
  const twice = auditCrashes([kill([], ['a'], 1, 0)], [begun('a'), begun('a'), begun('a')], [])
  expect(twice.violations).toEqual(['a ran 3 times without a kill to excuse it'])
})

test('so is a repeat with other arguments', () => {
  const kills = [kill([], ['a', 'b'], 1, 1)]
  const effects = [begun('a', 'x'), begun('a', 'y')]
  const { violations } = auditCrashes(kills, effects, [asked('b', 1), asked('b', 2)])
  expect(violations).toEqual(['a was repeated with other arguments', 'b was repeated with other arguments'])
})
