import { resolve } from 'node:path'
import type { AnyDefinition } from '@meepo/core'
import { findDefinition } from './known-definitions.ts'
import { registryOf } from './graph-files.ts'
import type { KnownConfig } from './load-config.ts'
import { isGraphPath } from './is-graph-path.ts'

/** A definition by its name, or the graph of a file. */
export async function findRunnable(config: KnownConfig, name: string): Promise<AnyDefinition> {
  if (!isGraphPath(name)) return findDefinition(config.definitions, name)
  const { readGraphFile } = await import('meepo/files')
  const graph = await readGraphFile(resolve(name), registryOf(config))
  // A file that was found beside the configuration has been read already.
  return config.definitions.find((each) => each.name === graph.name && 'data' in each) ?? graph
}
