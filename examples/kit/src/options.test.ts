import { expect, test } from 'vitest'

import { readOptions } from './options.ts'

const specs = { out: 'text', json: 'flag' } as const
const limits = { maxWords: 1, usage: 'usage: this way' }

test('words, texts and flags are told apart', () => {
  expect(readOptions(['folder', '--out', 'file', '--json'], specs, limits)).toEqual({
    words: ['folder'],
    texts: { out: 'file' },
    flags: { json: true },
  })
  expect(readOptions([], specs, limits)).toEqual({ words: [], texts: { out: undefined }, flags: { json: false } })
})

test.each([
  [['--nonsense'], /Unknown option '--nonsense'/],
  [['--out'], /argument missing/],
  [['a', 'b'], /too much: b/],
])('%j is refused with the usage as the way out', (args, message) => {
  expect(() => readOptions(args, specs, limits)).toThrow(
    expect.objectContaining({ code: 'example.bad_option', fix: limits.usage, message: expect.stringMatching(message) }),
  )
})
