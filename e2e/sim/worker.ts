import { Session } from 'node:inspector/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { buildBugs } from './bugs/build-bugs.ts'
import { plant } from './bugs/plant.ts'
import type { Answer, Order } from './orders.ts'

/*
 * One thread that runs seeds, one after the other. The packages are loaded late: what is planted in them, and what counts
 * their lines, must be there before.
 */

// The only one who starts this file is the pool of this folder.
const { bug: name, isCounting } = workerData as { readonly bug: string | undefined; readonly isCounting: boolean }
const unmade = plant(buildBugs[name ?? '']?.build ?? [])

const session = new Session()
if (isCounting) {
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true })
}
const { simulate } = await import('./simulate.ts')
const { findBug } = await import('./bugs/bugs.ts')
const bug = name === undefined ? undefined : findBug(name)
// What libraries load when they are first used is there from the second seed on.
await simulate('warm-up', undefined)
if (unmade().length > 0) throw new Error(`the bug ${name} was not planted: ${unmade()[0]?.file}`)

const port = parentPort
if (!port) throw new Error('this file is a thread')
const answer = (told: Answer): void => port.postMessage(told)
port.on('message', (order: Order) => {
  void obey(order)
})
answer({ kind: 'ready' })

async function obey(order: Order): Promise<void> {
  if (order.kind === 'count') {
    const { result } = await session.post('Profiler.takePreciseCoverage')
    answer({ kind: 'counted', result })
    return
  }
  const { trace, ...rest } = await simulate(order.seed, bug)
  const lines = order.wantsTrace ? trace.lines : undefined
  answer({ kind: 'simulated', simulation: { ...rest, ...(lines ? { lines } : {}) } })
}
