import { expect, test } from 'vitest'
import { decodeEvent, encodedType, type EventVersions } from './versions.ts'

const raw = { seq: 4, at: 7, data: { value: 1 } }

/** A later release, in which one type came to its third version. */
const later: EventVersions = {
  newest: { 'step.completed': 3, 'step.failed': 2 },
  upcasters: {
    'step.completed': {
      1: (data) => ({ ...(data as object), second: true }),
      2: (data) => ({ ...(data as object), third: true }),
    },
  },
}

test('the first version of a type is its plain name', () => {
  expect(encodedType('step.completed')).toBe('step.completed')
  expect(encodedType('step.completed', later)).toBe('step.completed@3')
  expect(encodedType('run.created', later)).toBe('run.created')
})

test('an older event is lifted version by version', () => {
  const lifted = (type: string): unknown => decodeEvent({ ...raw, type }, later)
  const plain = { seq: 4, at: 7, type: 'step.completed' }
  expect(lifted('step.completed')).toEqual({ ...plain, data: { value: 1, second: true, third: true } })
  expect(lifted('step.completed@2')).toEqual({ ...plain, data: { value: 1, third: true } })
  expect(lifted('step.completed@3')).toEqual({ ...plain, data: { value: 1 } })
  expect(decodeEvent({ ...raw, type: 'step.completed' })).toEqual({ ...plain, data: { value: 1 } })
})

test.each(['step.invented', 'step.completed@4', 'step.completed@0', 'step.completed@1.5', 'step.completed@', ''])(
  'an event of the type "%s" is not guessed at',
  (type) => {
    expect(() => decodeEvent({ ...raw, type }, later)).toThrow(
      expect.objectContaining({ code: 'log.unknown_event', message: `event 4 has the unknown type ${type}` }),
    )
  },
)

test('an older event that nothing lifts is refused', () => {
  expect(() => decodeEvent({ ...raw, type: 'step.failed' }, later)).toThrow(
    'no way from step.failed@1 to step.failed@2',
  )
})
