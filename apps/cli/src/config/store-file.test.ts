import { createMemoryStore } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { isStoreFile } from './store-file.ts'

test('a store is a file unless it is in memory, on a server, or opened already', () => {
  expect(['.meepo/meepo.db', 'postgres.db', '/x/memory'].map(isStoreFile)).toEqual([true, true, true])
  const others = [undefined, 'memory', 'postgres://a@b/c', 'postgresql://a@b/c', createMemoryStore()]
  expect(others.map(isStoreFile)).toEqual(others.map(() => false))
})
