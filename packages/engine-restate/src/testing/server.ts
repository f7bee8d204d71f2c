import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A Restate server for tests: on random ports of this machine, in a folder that goes with it. */
export interface RestateServer {
  /** Where runs are sent to. */
  readonly ingressUrl: string
  /** Where workers make themselves known. */
  readonly adminUrl: string
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Starts it again after it was killed, on the same ports and data. */
  start(): Promise<void>
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

/** How long a server may take to answer, on a machine that has other things to do. */
const startMs = 60_000
const lookMs = 50

/**
 * Starts a server of one node from the npm package `@restatedev/restate-server`, which has to be installed. It tells nobody
 * about itself.
 *
 * @example
 * const server = await startRestateServer()
 * await fetch(`${server.adminUrl}/health`)
 * await server.remove()
 */
export async function startRestateServer(): Promise<RestateServer> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-restate-'))
  const [node, ingress, admin] = await Promise.all([freePort(), freePort(), freePort()])
  const config = join(folder, 'restate.toml')
  writeFileSync(config, settings(folder, node, ingress, admin))
  const adminUrl = `http://127.0.0.1:${admin}`
  const ingressUrl = `http://127.0.0.1:${ingress}`
  let running: Running | undefined
  const kill = async (): Promise<void> => {
    const now = running
    running = undefined
    if (now) await end(now.child)
  }
  const start = async (): Promise<void> => {
    running = launch(config)
    try {
      await answers(running, [`${adminUrl}/health`, `${ingressUrl}/restate/health`])
    } catch (thrown) {
      await kill()
      throw thrown
    }
  }
  await start()
  return {
    ingressUrl,
    adminUrl,
    kill,
    start,
    remove: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Small: tests start several. */
function settings(folder: string, node: number, ingress: number, admin: number): string {
  return `
cluster-name = "meepo-test"
node-name = "one"
base-dir = "${join(folder, 'data')}"
listen-mode = "tcp"
auto-provision = true
default-num-partitions = 4
disable-telemetry = true
rocksdb-total-memory-size = "256 MiB"
bind-address = "127.0.0.1:${node}"
advertised-address = "http://127.0.0.1:${node}/"
log-filter = "warn"
log-disable-ansi-codes = true
[worker.invoker]
concurrent-invocations-limit = 20000
[ingress]
bind-address = "127.0.0.1:${ingress}"
[admin]
bind-address = "127.0.0.1:${admin}"
`
}

interface Running {
  readonly child: ChildProcess
  /** What it said. */
  readonly lines: string[]
}

function launch(config: string): Running {
  const child = spawn(binary(), ['--config-file', config, '--no-logo'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      lines.push(text)
      if (lines.length > 200) lines.shift()
    })
  }
  return { child, lines }
}

/** The package for this machine is a dependency of the one that is installed by name. */
function binary(): string {
  const here = createRequire(import.meta.url)
  const server = createRequire(here.resolve('@restatedev/restate-server/lib/index.js'))
  return server.resolve(`@restatedev/restate-server-${platform()}-${arch()}/bin/restate-server`)
}

async function answers({ child, lines }: Running, urls: readonly string[]): Promise<void> {
  const until = performance.now() + startMs
  for (const url of urls) {
    while (!(await isUp(url))) {
      if (child.exitCode !== null || performance.now() > until) throw new Error(`no server came up: ${lines.join('')}`)
      await sleep(lookMs)
    }
  }
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    // Nobody listens yet.
    return false
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve()
      return
    }
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
