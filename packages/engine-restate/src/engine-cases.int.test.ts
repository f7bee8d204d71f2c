import { createMemoryStore, engineCases } from '@meepo/core/testing'
import { afterAll, beforeAll, test } from 'vitest'
import { realHarness } from '@meepo/engine-embedded/testing'
import { createRestateDispatcher } from './index.ts'
import { startRestateServer, type RestateServer } from './testing/index.ts'

let server: RestateServer
let cases = 0

beforeAll(async () => {
  server = await startRestateServer()
}, 60_000)
afterAll(() => server.remove())

for (const one of engineCases) {
  test(`on Restate: ${one.name}`, async () => {
    const { adminUrl, ingressUrl } = server
    const namespace = `case${++cases}`
    const { context, close } = await realHarness(createMemoryStore(), () =>
      createRestateDispatcher({ ingressUrl, namespace, worker: { adminUrl } }),
    )
    try {
      await one.run(context)
    } finally {
      await close()
    }
  })
}
