import { readFileSync, rmSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

/**
 * Loaded by a writer through `faultModule`. The file `fault` beside the database says `POINT RESULT`: the next time
 * the writer comes to that point, the statement there fails with that result of SQLite, `kill` ends the process, `exit` the thread.
 */
export function faultPoint(point: string): void {
  const file = `${String(workerData.path)}.fault`
  let order: string
  try {
    order = readFileSync(file, 'utf8')
  } catch {
    return
  }
  const [where, result] = order.split(' ')
  if (where !== point) return
  rmSync(file)
  if (result === 'kill') process.kill(process.pid, 'SIGKILL')
  if (result === 'exit') process.exit(3)
  throw Object.assign(new Error('planted'), { errcode: Number(result) })
}
