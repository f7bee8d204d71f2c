import { expect, test } from 'vitest'

import { countTokens } from './tokens.ts'

test('four characters are a token and a started token counts', () => {
  expect(['', 'a', 'abcd', 'abcde'].map(countTokens)).toEqual([0, 1, 1, 2])
})
