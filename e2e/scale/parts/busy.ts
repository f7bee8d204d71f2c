import { setTimeout as delay } from 'node:timers/promises'
import type { Part } from '../figure.ts'
import { allDone, queueRuns } from '../runs.ts'

const seconds = 60
/** Runs at a time: more than three workers can do on two processors. */
const open = 300

/** Workers that leave nobody the processor are taken for dead by none of the others. */
export const busy: Part = async (ground) => {
  await Promise.all([ground.hire(), ground.hire(), ground.hire()])
  const until = Date.now() + seconds * 1_000
  const isFull = async (): Promise<boolean> =>
    (await ground.store.log.runs('system', { status: ['queued', 'running'], limit: open })).length >= open
  // Each without a pause.
  while (Date.now() < until) {
    await queueRuns(ground, 'work', 30, () => ({ steps: 5, ms: 100, isBusy: true }))
    while (await isFull()) await delay(50)
  }
  await allDone(ground)
  const begun = Map.groupBy(ground.beginnings(), ({ runId, step }) => `${runId} ${step}`)
  const owners = Map.groupBy(ground.beginnings(), ({ runId }) => runId)
  const stolen = [...owners.values()].filter((lines) => new Set(lines.map(({ worker }) => worker)).size > 1)
  return [
    { name: `steps of three workers in ${seconds} s at 100 % of the processor`, value: begun.size, unit: 'steps' },
    { name: 'runs taken from a worker that lived', value: stolen.length, unit: 'runs', atMost: 0 },
    {
      name: 'steps that began more than once',
      value: [...begun.values()].filter(({ length }) => length > 1).length,
      unit: 'steps',
      atMost: 0,
    },
  ]
}
