import { setTimeout as delay } from 'node:timers/promises'
import type { Part } from '../figure.ts'
import { allDone, queueRuns } from '../runs.ts'

/** 5,000 agents at once in one process: two calls of a model, of 1 to 1.5 s each, and one of a tool. */
export const agents: Part = async (ground) => {
  const count = 5_000
  const modelUrl = await ground.simulate()
  const worker = await ground.hire({ concurrency: count, modelUrl })
  const idle = await worker.memory()
  const startedAt = performance.now()
  let most = 0
  const done = new AbortController()
  const watching = watch(async () => {
    const { length } = await ground.store.log.runs('system', { status: ['running'], limit: count })
    most = Math.max(most, length)
  }, done.signal)
  await queueRuns(ground, 'adder', count, () => 'go')
  await allDone(ground)
  const seconds = (performance.now() - startedAt) / 1_000
  done.abort()
  await watching
  const { rssMb, cpuMs } = await worker.memory()
  return [
    { name: '5,000 agents, all done after', value: seconds, unit: 's' },
    { name: '5,000 agents, most at once', value: most, unit: 'runs' },
    {
      name: '5,000 agents, processor time of the worker per call of the model',
      value: (cpuMs - idle.cpuMs) / (2 * count),
      unit: 'ms',
    },
    { name: '5,000 agents, RSS afterwards', value: rssMb, unit: 'MB' },
    { name: '5,000 agents, RSS before', value: idle.rssMb, unit: 'MB' },
  ]
}

async function watch(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await look()
    await delay(250)
  }
}
