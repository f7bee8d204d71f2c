import { expect, test } from 'vitest'
import { doubles, integers, texts } from './arrays.ts'

test('texts are written with their length in bytes, and nothing as a length of -1', () => {
  const buffer = texts(['aé', null, ''])
  expect(buffer.toString('hex')).toBe(
    ['00000001', '00000001', '00000019', '00000003', '00000001', '00000003', '61c3a9', 'ffffffff', '00000000'].join(''),
  )
})

test('numbers are written in eight bytes', () => {
  expect(integers([1, null, -2]).toString('hex')).toBe(
    `${['00000001', '00000001', '00000014', '00000003', '00000001'].join('')}000000080000000000000001ffffffff00000008fffffffffffffffe`,
  )
  expect(doubles([0.5]).subarray(20).toString('hex')).toBe('000000083fe0000000000000')
})

test('an array of nothing has no dimension', () => {
  for (const buffer of [texts([]), integers([]), doubles([])]) {
    expect(buffer).toHaveLength(12)
    expect(buffer.readInt32BE(0)).toBe(0)
  }
})
