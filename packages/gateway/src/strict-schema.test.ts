import { expect, test } from 'vitest'

import { isStrictSchema } from './strict-schema.ts'

const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }

test.each([
  ['closed, all needed', closed, true],
  ['no object at all', { type: 'string', enum: ['a', { type: 'object' }] }, true],
  ['an optional property', { ...closed, required: [] }, false],
  ['no list of needed ones', { ...closed, required: undefined }, false],
  ['open', { ...closed, additionalProperties: undefined }, false],
  [
    'an open object deeper',
    { ...closed, properties: { a: { type: 'array', items: { anyOf: [{ type: 'object' }] } } } },
    false,
  ],
  ['a closed object deeper', { ...closed, properties: { a: { type: 'array', items: { anyOf: [closed] } } } }, true],
])('%s', (_case, schema, isStrict) => {
  expect(isStrictSchema(schema)).toBe(isStrict)
})
