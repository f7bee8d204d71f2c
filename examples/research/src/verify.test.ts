import { join } from 'node:path'
import { expect, test } from 'vitest'

import { openLibrary } from './library.ts'
import { verifyCrossCheck, verifyQuotes, verifyReport } from './verify.ts'

const library = openLibrary(join(import.meta.dirname, '../documents'))
const fare = { document: 'fares.md', line: 4, quote: 'In January 2024 the fare rose to 4.80 euros.' }

test('a quote is a source only when the document has that very line', () => {
  const invented = [
    { ...fare, line: 3 },
    { ...fare, line: 400 },
    { ...fare, quote: 'In January 2024 the fare rose to 5.80 euros.' },
    { ...fare, document: 'secrets.md' },
    { ...fare, line: 2, quote: '' },
  ]
  const { sources, refused } = verifyQuotes(library, [null, { quotes: [...invented, fare] }, { quotes: [fare] }])
  expect(sources).toEqual([{ ...fare, number: 1, about: 1 }])
  expect(refused).toEqual(invented)
})

test('what rests on a source that does not exist is left out', () => {
  const verified = verifyQuotes(library, [{ quotes: [fare] }])
  const [good, silent, bad] = [
    { text: 'The fare rose.', sources: [1] },
    { text: 'Nothing is known about winter.', sources: [] },
    { text: 'The captain resigned.', sources: [1, 2] },
  ] as const
  expect(verifyReport([good, silent, bad], verified)).toEqual({ paragraphs: [good, silent], leftOut: [bad] })
  const relation = { sources: [1, 2], what: 'two fares' }
  expect(verifyCrossCheck({ agreements: [relation], conflicts: [] }, verified)).toEqual({
    agreements: [],
    conflicts: [],
  })
})
