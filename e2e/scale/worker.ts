import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createMeepo } from 'meepo'
import { buildDefinitions } from './definitions.ts'
import { readSettings, type Memory, type Order } from './settings.ts'

/*
 * One process that drives runs: everything that `createMeepo` makes, over the store that all of them share. Dies with its
 * parent.
 */

const { worker, store, journal, modelUrl, concurrency } = readSettings()
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const meepo = await createMeepo({
  store,
  concurrency,
  definitions: buildDefinitions({ worker, journal }),
  env: {},
  ...(modelUrl === undefined ? {} : { providers: { sim: { kind: 'openai-compatible', baseURL: `${modelUrl}/v1` } } }),
  onNotice: ({ code, message }) => process.stderr.write(`worker ${worker}: ${code} ${message}\n`),
})

process.on('message', (message) => {
  // Only the parent sends here.
  const order = message as Order
  if (order === 'memory') process.send?.(memory())
  else void meepo.stop().then(() => process.exit(0))
})
process.on('disconnect', () => process.exit(1))
process.send?.('ready')

function memory(): Memory {
  const { user, system } = process.cpuUsage()
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  return { heapMb: heapUsed / 1_048_576, rssMb: rss / 1_048_576, cpuMs: (user + system) / 1_000 }
}
