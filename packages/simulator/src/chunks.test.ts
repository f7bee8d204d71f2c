import fc from 'fast-check'
import { expect, test } from 'vitest'

import { clipText, splitText } from './chunks.ts'

test('text is cut into equal pieces and a rest', () => {
  expect(splitText('abcdefgh', 3)).toEqual(['abc', 'def', 'gh'])
  expect(splitText('', 3)).toEqual([])
})

test('the pieces of any text join to the text and none is half a character', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'ß', '中', '😀', '🏳️‍🌈') }),
      fc.integer({ min: 1, max: 9 }),
      (text, size) => {
        const pieces = splitText(text, size)
        expect(pieces.join('')).toBe(text)
        expect(pieces.every((piece) => piece.isWellFormed() && piece.length <= size + 1)).toBe(true)
      },
    ),
  )
})

test('clipping keeps the beginning and never half a character', () => {
  expect(clipText('abc', 5)).toBe('abc')
  expect(clipText('abc', 2)).toBe('ab')
  expect(clipText('a😀b', 2)).toBe('a')
  expect(clipText('a😀b', 3)).toBe('a😀')
  expect(clipText('😀', 0)).toBe('')
})
