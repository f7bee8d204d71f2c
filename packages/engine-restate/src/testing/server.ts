import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, makeNode, type RestateNode } from './node.ts'

/** A Restate server for tests: on random ports of this machine, in a folder that goes with it. */
export interface RestateServer extends RestateNode {
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

/** A Restate cluster for tests. */
export interface RestateCluster {
  readonly nodes: readonly RestateNode[]
  /** Ends all nodes and removes their folder. */
  remove(): Promise<void>
}

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
  const general = 'cluster-name = "meepo-test"\nauto-provision = true\ndefault-num-partitions = 4'
  const node = makeNode(folder, 'one', await freePorts(), general)
  await node.start()
  return {
    ...node,
    remove: async () => {
      await node.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The same with three nodes that hold everything twice: one of them may die. */
export async function startRestateCluster(): Promise<RestateCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-restate-'))
  const ports = await Promise.all([freePorts(), freePorts(), freePorts()])
  const addresses = ports.map(({ node }) => `"http://127.0.0.1:${node}/"`).join(', ')
  const metadata = `[metadata-client]\ntype = "replicated"\naddresses = [${addresses}]`
  const nodes = ports.map((mine, index) => {
    // One of them makes the cluster, and the others join it.
    const general = `cluster-name = "meepo-test"\nauto-provision = ${index === 0}\ndefault-replication = 2\ndefault-num-partitions = 4`
    return makeNode(folder, `node-${index + 1}`, mine, general, metadata)
  })
  await Promise.all(nodes.map((node) => node.start()))
  return {
    nodes,
    remove: async () => {
      await Promise.all(nodes.map((node) => node.kill()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
