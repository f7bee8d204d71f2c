import type { Profiler } from 'node:inspector'
import { Worker } from 'node:worker_threads'
import type { Answer, Order, Report } from './orders.ts'

/** How seeds are run. */
export interface PoolOptions {
  readonly threads: number
  readonly bug?: string | undefined
  readonly isCounting?: boolean
  readonly wantsTrace?: boolean
  /** Called after each seed, in the order in which they end. True: no further seed is begun. */
  readonly onReport: (report: Report) => boolean
}

/** Runs seeds on several threads. Each seed is alone in its thread. Answers with the lines that ran, if they are counted. */
export async function runSeeds(
  seeds: readonly string[],
  { threads, bug, isCounting = false, wantsTrace = false, onReport }: PoolOptions,
): Promise<readonly Profiler.ScriptCoverage[]> {
  const waiting = [...seeds]
  const counted: Profiler.ScriptCoverage[] = []
  let isEnough = false

  const runThread = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { bug, isCounting } })
      const end = (): void => void worker.terminate().then(() => resolve(), reject)
      const order = (given: Order): void => worker.postMessage(given)
      const next = (): void => {
        const seed = isEnough ? undefined : waiting.shift()
        if (seed !== undefined) order({ kind: 'simulate', seed, wantsTrace })
        else if (isCounting) order({ kind: 'count' })
        else end()
      }
      worker.on('error', reject)
      worker.on('message', (told: Answer) => {
        switch (told.kind) {
          case 'ready':
            next()
            break
          case 'simulated':
            if (onReport(told.simulation)) isEnough = true
            next()
            break
          case 'counted':
            counted.push(...told.result)
            end()
            break
        }
      })
    })

  const count = Math.min(threads, seeds.length)
  await Promise.all(Array.from({ length: count }, runThread))
  return counted
}
