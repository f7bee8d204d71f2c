import type { Part } from '../figure.ts'
import { allDone, queueRuns } from '../runs.ts'

/** Two workers share 1,000 runs. */
export const share: Part = async (ground) => {
  await Promise.all([ground.hire({ concurrency: 100 }), ground.hire({ concurrency: 100 })])
  const count = 1_000
  await queueRuns(ground, 'work', count, (number) => ({ steps: 4, ms: 5 + (number % 5) }))
  await allDone(ground)
  const begun = ground.beginnings()
  const firsts = begun.filter(({ step }) => step === 1)
  const shares = [1, 2].map((worker) => firsts.filter((line) => line.worker === worker).length / firsts.length)
  return [
    { name: 'share of 1,000 runs of the worker with fewer', value: 100 * Math.min(...shares), unit: '%', atLeast: 40 },
    { name: 'steps that began more than once', value: begun.length - 4 * count, unit: 'steps', atMost: 0 },
  ]
}
