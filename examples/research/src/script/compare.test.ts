import { expect, test } from 'vitest'

import { compare } from './compare.ts'

function judge(one: string, other: string, isSameDocument = false) {
  const { agreements, conflicts } = compare([
    { number: 1, document: 'a.md', quote: one },
    { number: 2, document: isSameDocument ? 'a.md' : 'b.md', quote: other },
  ])
  return [agreements.length, conflicts.length]
}

const repair = 'The repair of the battery cost 412,000 euros.'

test.each([
  ['the same amount', repair, 'It is known that the repair of the battery cost 412000 euros.', [1, 0]],
  ['another amount', repair, 'The repair of the battery cost 421,000 euros.', [0, 1]],
  ['another unit', repair, 'The repair of the battery cost 47 days.', [0, 0]],
  ['another matter', repair, 'The museum was painted for 9,000 euros.', [0, 0]],
  ['another year', 'In 2023 the line had 184,000 passengers.', 'In 2024 the line had 151,000 passengers.', [0, 0]],
  ['no amount', repair, 'The repair of the battery cost a lot in euros.', [0, 0]],
])('%s', (_case, one, other, expected) => {
  expect(judge(one, other)).toEqual(expected)
})

test('a document is not compared with itself', () => {
  expect(judge(repair, 'The repair of the battery cost 421,000 euros.', true)).toEqual([0, 0])
})
