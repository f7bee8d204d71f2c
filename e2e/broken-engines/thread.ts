import { parentPort, workerData } from 'node:worker_threads'
import { plant } from '../sim/bugs/plant.ts'
import type { Order, Told } from './orders.ts'

/* One thread with one break. The packages are loaded late: what is planted in them must be there before. */

// The only one who starts this file is run-broken.ts.
const { cases, lines } = workerData as Order
const unmade = plant(lines)
const { engineCases } = await import('@meepo/core/testing')
const { fakeHarness } = await import('@meepo/engine-embedded/testing')
if (unmade().length > 0) throw new Error(`nobody loaded ${unmade()[0]?.file}`)

// A break may let a rejection escape: then it is the case that must notice, not this thread.
process.on('unhandledRejection', () => undefined)
const tell = (told: Told): void => parentPort?.postMessage(told)
for (const name of cases) tell({ name, failure: await failureOf(name) })
process.exit()

async function failureOf(name: string): Promise<string | undefined> {
  const one = engineCases.find((candidate) => candidate.name === name)
  if (!one) throw new Error(`no engine case is called: ${name}`)
  // It is not closed: a broken engine may never stop.
  const { context } = await fakeHarness()
  try {
    await one.run(context)
    return undefined
  } catch (thrown) {
    return String(thrown)
  }
}
