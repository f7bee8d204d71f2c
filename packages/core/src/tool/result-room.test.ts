import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { Json } from '../base/json.ts'
import { createToolBench } from '../testing/tool-bench.ts'
import type { ToolMessage } from './answer.ts'
import { ResultRoom } from './result-room.ts'

function message(result: Json, callId = 'c'): ToolMessage {
  return { role: 'tool', callId, tool: 't', result }
}

test('what is kept never exceeds the limits, is the same in every order, and whatever is cut says so', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 12 })
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 200 }), (given, each, turn) => {
      const keep = (all: readonly number[]): readonly (readonly [number, number])[] => {
        const room = new ResultRoom({ each, turn })
        const kept = all.map((length) => room.put(message('x'.repeat(length))))
        for (const { message: told, whole, left } of kept) {
          const note = `\n[cut: the result has ${whole} characters, these are the first ${left}]`
          expect(told.result).toBe('x'.repeat(left) + (left < whole ? note : ''))
        }
        return kept.map(({ whole, left }) => [whole, left] as const)
      }
      const kept = keep(given)
      const total = kept.reduce((sum, [, left]) => sum + left, 0)
      expect(total).toBeLessThanOrEqual(turn)
      for (const [whole, left] of kept) expect(left).toBeLessThanOrEqual(Math.min(whole, each))
      const byLength = (a: readonly number[], b: readonly number[]): number => (a[0] ?? 0) - (b[0] ?? 0)
      expect(keep(given.toReversed()).toSorted(byLength)).toEqual(kept.toSorted(byLength))
    }),
  )
})

test('numbers are never cut, lists are cut as JSON, and twice the same result counts twice', () => {
  const room = new ResultRoom({ each: 100, turn: 12 })
  const number = room.put(message(12_345_678))
  const list = room.put(message([1, 2, 3, 4]))
  expect([number.message.result, list.message.result]).toEqual([
    12_345_678,
    '[1,2,3\n[cut: the result has 9 characters, these are the first 6]',
  ])
  const again = room.again(list, 'd', 'u')
  expect([list.left, again.left]).toEqual([4, 4])
  expect(again.message).toEqual({
    role: 'tool',
    callId: 'd',
    tool: 'u',
    result: '[1,2\n[cut: the result has 9 characters, these are the first 4]',
  })
})

test('identical calls are cut alike, and what others take of a result they take of the whole', async () => {
  const bench = createToolBench()
  const value = 'y'.repeat(100)
  const same = { ms: 5, value }
  const { results } = await bench.run(
    [bench.tool('work'), bench.tool('other')],
    [
      { name: 'other', arguments: same, id: 'a' },
      { name: 'other', arguments: same, id: 'b' },
      { name: 'other', arguments: same, id: 'late', after: ['wait'] },
      { name: 'work', arguments: { ms: 9 }, id: 'wait' },
    ],
    { maxChars: { each: 90, turn: 60 } },
  )
  const cut = (left: number): string =>
    `${'y'.repeat(left)}\n[cut: the result has 100 characters, these are the first ${left}]`
  expect(results.map(({ result }) => result)).toEqual([cut(18), cut(18), cut(18), null])
  const taken = await bench.run(
    [bench.tool('work')],
    [
      { name: 'work', arguments: same, id: 'first' },
      { name: 'work', arguments: same, id: 'twin' },
      { name: 'work', arguments: { value: { $result: 'twin' } }, id: 'taker' },
    ],
    { maxChars: { each: 90, turn: 60 } },
  )
  expect(taken.results.map(({ result }) => result)).toEqual([cut(20), cut(20), cut(20)])
  const [only] = (
    await bench.run([bench.tool('work')], [{ name: 'work', arguments: same }], { maxChars: { each: 7, turn: 60 } })
  ).results
  expect(only?.result).toBe(cut(7))
})
