import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { startBalancer, startRestateCluster, startRestateServer } from '@meepo/engine-restate/testing'
import type { Door } from './settings.ts'

/** What brings runs to workers: a Restate server, or three nodes of one cluster, and the balancer in front of all workers. */
export interface Cluster {
  readonly nodes: number
  /** A place for a worker, at the node that has the fewest. */
  open(worker: number): Promise<Door>
  /** The worker is gone. */
  shut(worker: number): void
  /** Kills all nodes at once, and starts them again after so long. */
  crash(downMs: number): Promise<void>
  /** Kills one node, and starts it again when the work is done. */
  without(node: number, work: () => Promise<void>): Promise<void>
  remove(): Promise<void>
}

/** Starts a server, or three nodes that hold everything twice. */
export async function startCluster(count: 1 | 3): Promise<Cluster> {
  const server = count === 1 ? await startServer() : await startRestateCluster()
  const { nodes } = server
  const balancer = await startBalancer()
  const doors = new Map<number, Door>()
  const place = (): void => balancer.set([...doors.values()].map(({ port }) => port))
  const crowdAt = (node: number): number => [...doors.values()].filter((door) => door.node === node).length
  return {
    nodes: count,
    open: async (worker) => {
      const port = await freePort()
      const [first] = [...nodes.entries()].toSorted(([left], [right]) => crowdAt(left) - crowdAt(right))
      if (!first) throw new Error('a cluster has nodes')
      const [node, { ingressUrl, adminUrl }] = first
      const door = { node, ingressUrl, adminUrl, port, url: balancer.url }
      doors.set(worker, door)
      place()
      return door
    },
    shut: (worker) => {
      doors.delete(worker)
      place()
    },
    crash: async (downMs) => {
      await Promise.all(nodes.map((node) => node.kill()))
      await delay(downMs)
      await Promise.all(nodes.map((node) => node.start()))
    },
    without: async (index, work) => {
      await nodes[index]?.kill()
      await work()
      await nodes[index]?.start()
    },
    remove: async () => {
      await balancer.close()
      await server.remove()
    },
  }
}

async function startServer(): Promise<Awaited<ReturnType<typeof startRestateCluster>>> {
  const server = await startRestateServer()
  return { nodes: [server], remove: () => server.remove() }
}

/** The worker listens there in a moment: its port has to be known before the cluster asks what it serves. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  // A server on a port has an address with one.
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
