import { setTimeout as delay } from 'node:timers/promises'
import type { Part } from '../figure.ts'
import type { Ground, Worker } from '../ground.ts'
import { allDone, allWaiting, each, queueRuns } from '../runs.ts'

const heldMb = 20

/** What runs cost that wait for a person. */
export const waits: Part = async (ground) => {
  const worker = await ground.hire()
  // What is loaded once is no cost of a run.
  await approve(ground, 200)
  const idle = await settled(worker, 0)
  const count = 5_000
  const handles = await queueRuns(ground, 'approval', count, () => null)
  await allWaiting(ground, 'approval', count)
  const waiting = await settled(worker, idle.heapMb + heldMb / 2)
  const startedAt = performance.now()
  await each(handles, (handle) => handle.signal('decision', true))
  await allDone(ground)
  const seconds = (performance.now() - startedAt) / 1_000
  return [
    { name: '5,000 approvals, heap over idle', value: waiting.heapMb - idle.heapMb, unit: 'MB', atMost: heldMb },
    { name: '5,000 approvals, RSS', value: waiting.rssMb, unit: 'MB' },
    { name: '5,000 approvals, RSS before', value: idle.rssMb, unit: 'MB' },
    { name: '5,000 approvals, all decided and done after', value: seconds, unit: 's' },
  ]
}

async function approve(ground: Ground, count: number): Promise<void> {
  const handles = await queueRuns(ground, 'approval', count, () => null)
  await allWaiting(ground, 'approval', count)
  await each(handles, (handle) => handle.signal('decision', true))
  await allDone(ground)
}

/** What it takes when it has laid aside what it can: half a minute at most. */
async function settled(worker: Worker, enoughMb: number): ReturnType<Worker['memory']> {
  let least = await worker.memory()
  for (let waited = 0; waited < 30 && least.heapMb > enoughMb; waited++) {
    await delay(1_000)
    const now = await worker.memory()
    if (now.heapMb < least.heapMb) least = now
  }
  return least
}
