// The shape of scripts/layers.json, the one table that decides who may import whom.
import { join } from 'node:path'
import { readJson } from './workspaces.ts'

export interface Layers {
  readonly roles: Readonly<Record<string, { readonly mayUse: readonly string[]; readonly means: string }>>
  readonly packages: Readonly<
    Record<string, { readonly folder: string; readonly role: string; readonly externals?: readonly string[] }>
  >
  readonly coreFolders: Readonly<Record<string, { readonly level: number; readonly holds: string }>>
  /** Folders of core with 100 % of lines and branches under test. */
  readonly fullyCovered: readonly string[]
}

export function readLayers(root: string): Layers {
  return readJson<Layers>(join(root, 'scripts', 'layers.json'))
}
