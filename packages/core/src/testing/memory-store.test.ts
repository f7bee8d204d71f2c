import { test } from 'vitest'
import { createMemoryStore } from './memory-store.ts'
import { storeCasesFor } from './store-cases.ts'

const capabilities = { durable: false, processes: false }

test.each(storeCasesFor(capabilities))('$name', (one) =>
  one.run({
    capabilities,
    open: async () => createMemoryStore(),
    openAgain: () => Promise.reject(new Error('a memory store cannot be opened again')),
  }),
)
