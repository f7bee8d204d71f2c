// One worker as a process of its own: `worker.ts STORE_URL SCHEMA INGRESS_URL ADMIN_URL URL`. Says its port, and that it is ready.

import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createEmbeddedEngine } from '@meepo/engine-embedded'
import { openPostgresStore } from '@meepo/store-postgres'
import { createRestateDispatcher } from '../src/index.ts'
import { approval, counting } from './program.ts'

const [storeUrl = '', schema = '', ingressUrl = '', adminUrl = '', url = ''] = process.argv.slice(2)
const probe = createServer()
await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
// A server on a port has an address with one.
const { port } = probe.address() as AddressInfo
await new Promise((resolve) => probe.close(resolve))
const store = await openPostgresStore({ url: storeUrl, schema })
const dispatcher = createRestateDispatcher({ ingressUrl, worker: { adminUrl, port, url } })
const engine = createEmbeddedEngine({
  store,
  dispatcher,
  onNotice: (notice) => console.error(JSON.stringify(notice)),
})
engine.register(counting, approval)
console.log(`port ${port}`)
process.on('SIGTERM', () => {
  void engine.stop().then(async () => {
    await store.close()
    process.exit(0)
  })
})
// The cluster asks for the definitions through the balancer, which has to know the port.
process.stdin.once('data', () => {
  void engine.begin().then(() => console.log('ready'))
})
