// Workers as processes of their own, behind a balancer, on PostgreSQL and Restate; and the server that counts their effects.

import { spawn, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { RestateServer } from '../src/testing/index.ts'
import { startBalancer, type Balancer } from '../src/testing/index.ts'

/** A worker process. */
export interface Worker {
  readonly pid: number
  readonly port: number
  /** What it told of trouble. */
  readonly notices: readonly string[]
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

/** Workers that share one URL. */
export interface Fleet {
  readonly balancer: Balancer
  start(): Promise<Worker>
  close(): Promise<void>
}

/** Opens a fleet without workers. */
export async function openFleet(storeUrl: string, schema: string, server: RestateServer): Promise<Fleet> {
  const balancer = await startBalancer()
  const workers: Worker[] = []
  const place = (): void => balancer.set(workers.map(({ port }) => port))
  return {
    balancer,
    start: async () => {
      const args = [storeUrl, schema, server.ingressUrl, server.adminUrl, balancer.url]
      const worker = await launch(
        args,
        (gone) => {
          workers.splice(workers.indexOf(gone), 1)
          place()
        },
        (found) => {
          workers.push(found)
          place()
        },
      )
      return worker
    },
    close: async () => {
      await Promise.all([...workers].map((worker) => worker.kill('SIGKILL')))
      await balancer.close()
    },
  }
}

async function launch(
  args: readonly string[],
  onGone: (worker: Worker) => void,
  onPort: (worker: Worker) => void,
): Promise<Worker> {
  const script = join(import.meta.dirname, 'worker.ts')
  const child: ChildProcess = spawn(process.execPath, ['--conditions=meepo-source', script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const notices: string[] = []
  child.stderr?.setEncoding('utf8').on('data', (text: string) => notices.push(text))
  // It was spawned with pipes.
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`a worker ended: ${notices.join('')}`)
    return String(value)
  }
  const worker: Worker = {
    pid: child.pid ?? 0,
    port: Number((await line()).split(' ')[1]),
    notices,
    kill: async (signal) => {
      child.kill(signal)
      await exited
      onGone(worker)
    },
  }
  onPort(worker)
  child.stdin?.write('go\n')
  await line()
  return worker
}

/** Counts effects by key. */
export interface Counter {
  readonly url: string
  /** How often each key was counted. */
  readonly counts: ReadonlyMap<string, number>
  /** By process. */
  readonly byPid: ReadonlyMap<number, number>
  /** When the last and each repeated effect came, by the running clock. */
  readonly repeatedAt: readonly number[]
  close(): Promise<void>
}

/** Starts the server that counts. */
export async function startCounter(): Promise<Counter> {
  const counts = new Map<string, number>()
  const byPid = new Map<number, number>()
  const repeatedAt: number[] = []
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://counter')
    const key = searchParams.get('key') ?? ''
    const pid = Number(searchParams.get('pid'))
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    byPid.set(pid, (byPid.get(pid) ?? 0) + 1)
    if (count > 1) repeatedAt.push(performance.now())
    setTimeout(() => response.end(String(count)), Number(searchParams.get('ms')))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    // A server on a port has an address with one.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    counts,
    byPid,
    repeatedAt,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
