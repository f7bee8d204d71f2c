import { setTimeout as delay } from 'node:timers/promises'
import type { Part } from '../figure.ts'
import { allDone, queueRuns } from '../runs.ts'

/** A worker is killed in mid-run: when does another one go on with what it left? */
export const takeOver: Part = async (ground) => {
  const first = await ground.hire()
  const count = 200
  await queueRuns(ground, 'work', count, () => ({ steps: 40, ms: 250 }))
  while (new Set(ground.beginnings().map(({ runId }) => runId)).size < count) await delay(50)
  const second = await ground.hire()
  await queueRuns(ground, 'work', count, () => ({ steps: 40, ms: 250 }))
  await delay(2_000)
  const killedAt = Date.now()
  await first.kill()
  const before = ground.beginnings()
  const left = new Set(before.filter(({ worker }) => worker === first.number).map(({ runId }) => runId))
  await allDone(ground)
  const again = ground.beginnings().filter(({ worker, runId }) => worker === second.number && left.has(runId))
  const times = [...left].map((runId) => again.find((line) => line.runId === runId)?.at ?? Infinity)
  const counts = Map.groupBy(ground.beginnings(), ({ runId, step }) => `${runId} ${step}`)
  const repeated = [...counts.values()].filter(({ length }) => length > 1).length
  return [
    { name: 'runs of a killed worker', value: left.size, unit: 'runs', atLeast: 1 },
    { name: 'first of them goes on after', value: (Math.min(...times) - killedAt) / 1_000, unit: 's', atMost: 6 },
    { name: 'last of them goes on after', value: (Math.max(...times) - killedAt) / 1_000, unit: 's' },
    { name: 'steps that were under way and began again', value: repeated, unit: 'steps', atMost: left.size },
  ]
}
