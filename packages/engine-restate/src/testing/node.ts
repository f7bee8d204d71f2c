import { spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** One node of a cluster, as a process. */
export interface RestateNode {
  /** Where runs are sent to. */
  readonly ingressUrl: string
  /** Where workers make themselves known. */
  readonly adminUrl: string
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Starts it again after it was killed, on the same ports and data. */
  start(): Promise<void>
}

/** The ports of one node on this machine. */
export interface Ports {
  readonly node: number
  readonly ingress: number
  readonly admin: number
}

/** How long a node may take to answer, on a machine that has other things to do. */
const startMs = 60_000
const lookMs = 50

/** Three ports that nobody uses now. */
export async function freePorts(): Promise<Ports> {
  const [node, ingress, admin] = await Promise.all([freePort(), freePort(), freePort()])
  return { node, ingress, admin }
}

/**
 * Makes a node that does not run yet. It keeps everything in `folder`, and tells nobody outside of this machine about
 * itself. `general` are settings in front of all tables, `tables` what follows.
 */
export function makeNode(folder: string, name: string, ports: Ports, general: string, tables = ''): RestateNode {
  const config = join(folder, `${name}.toml`)
  writeFileSync(
    config,
    `
node-name = "${name}"
base-dir = "${join(folder, name)}"
listen-mode = "tcp"
disable-telemetry = true
rocksdb-total-memory-size = "256 MiB"
log-filter = "warn"
log-disable-ansi-codes = true
bind-address = "127.0.0.1:${ports.node}"
advertised-address = "http://127.0.0.1:${ports.node}/"
${general}
[worker.invoker]
concurrent-invocations-limit = 20000
[ingress]
bind-address = "127.0.0.1:${ports.ingress}"
[admin]
bind-address = "127.0.0.1:${ports.admin}"
${tables}
`,
  )
  const adminUrl = `http://127.0.0.1:${ports.admin}`
  const ingressUrl = `http://127.0.0.1:${ports.ingress}`
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
  return { ingressUrl, adminUrl, kill, start }
}

interface Running {
  readonly child: ChildProcess
  /** What it said last. */
  readonly lines: readonly string[]
}

function launch(config: string): Running {
  const child = spawn(serverBinary(), ['--config-file', config, '--no-logo'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      lines.push(text)
      if (lines.length > 200) lines.shift()
    })
  }
  return { child, lines }
}

/** The server. The package for this machine is a dependency of the one that is installed by name. */
export function serverBinary(): string {
  const here = createRequire(import.meta.url)
  const server = createRequire(here.resolve('@restatedev/restate-server/lib/index.js'))
  return server.resolve(`@restatedev/restate-server-${platform()}-${arch()}/bin/restate-server`)
}

async function answers({ child, lines }: Running, urls: readonly string[]): Promise<void> {
  const until = performance.now() + startMs
  for (const url of urls) {
    while (!(await isUp(url))) {
      if (child.exitCode !== null || performance.now() > until) throw new Error(`no node came up: ${lines.join('')}`)
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
