import { Worker } from 'node:worker_threads'
import type { Break } from './break.ts'
import type { Order, Told } from './orders.ts'

/** A case that hangs says nothing for so long. A whole one takes some milliseconds. */
const hangsAfterMs = 15_000

/** Runs the cases that a break is said to make fail. Answers with those that pass all the same. */
export async function passedInSpiteOf({ lines, fails }: Break): Promise<readonly string[]> {
  const passed: string[] = []
  let left = fails
  while (left.length > 0) {
    const told = await runThread({ lines, cases: left })
    for (const { name, failure } of told) if (failure === undefined) passed.push(name)
    // The case behind the last one that was told about hung: that is a failure as well.
    left = left.slice(told.length + 1)
  }
  return passed
}

function runThread(order: Order): Promise<readonly Told[]> {
  return new Promise((resolve, reject) => {
    const told: Told[] = []
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: order,
      execArgv: [],
      stderr: true,
    })
    const end = (): void => void worker.terminate().then(() => resolve(told), reject)
    let timer = setTimeout(end, hangsAfterMs)
    worker.on('message', (one: Told) => {
      told.push(one)
      clearTimeout(timer)
      timer = setTimeout(end, hangsAfterMs)
    })
    worker.on('error', (thrown) => {
      clearTimeout(timer)
      reject(thrown)
    })
    worker.on('exit', () => {
      clearTimeout(timer)
      resolve(told)
    })
  })
}
