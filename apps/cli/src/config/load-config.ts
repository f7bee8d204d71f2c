import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MeepoError, parseWith } from '@meepo/core'
import type { MeepoConfig } from 'meepo'
import { findConfig, requireConfig } from './find-config.ts'
import { configShape } from './config-shape.ts'
import { withGraphFiles } from './graph-files.ts'
import { isStoreFile } from './store-file.ts'

/** A configuration with all that it can run, workflows included. */
export type KnownConfig = MeepoConfig & Required<Pick<MeepoConfig, 'definitions'>>

/** A configuration with the place that its relative paths start from. */
export interface LoadedConfig {
  /** Undefined when there is no file: then everything is default. */
  readonly path: string | undefined
  readonly config: KnownConfig
}

/** The same, with the graphs that lie beside it. */
export interface LoadedWithFiles extends LoadedConfig {
  /** Files that are wrong: they were told, and are left out. */
  readonly broken: readonly string[]
}

/** Loads the configuration of a command that runs something. A file `asked` for that is wrong is told by whoever reads it. */
export async function loadConfig(named: string | undefined, asked?: string): Promise<LoadedWithFiles> {
  const { path, config } = await load(requireConfig(named))
  return { path, ...(await withGraphFiles(config, dirname(path), asked)) }
}

/** The same for a command that can do without a file. */
export async function loadConfigOrDefaults(named: string | undefined, asked?: string): Promise<LoadedWithFiles> {
  const path = findConfig(named)
  if (path !== undefined) return loadConfig(path, asked)
  const config = withStore({ definitions: [] }, process.cwd())
  return { path, ...(await withGraphFiles(config, process.cwd(), asked)) }
}

/** Loads the configuration of a command that only needs to know where the store is. */
export async function loadConfigIfAny(named: string | undefined): Promise<LoadedConfig> {
  const path = findConfig(named)
  return path === undefined ? { path, config: withStore({ definitions: [] }, process.cwd()) } : load(path)
}

async function load(path: string): Promise<LoadedConfig & { readonly path: string }> {
  const config = withWorkflows(readDefault(path, await importFile(path)))
  return { path, config: withStore(config, dirname(path)) }
}

async function importFile(path: string): Promise<object> {
  try {
    // A module namespace is an object.
    return (await import(pathToFileURL(path).href)) as object
  } catch (cause) {
    // Definitions that are wrong say so themselves, with a code of their own.
    if (MeepoError.is(cause)) throw cause
    throw new MeepoError('config.broken', `${placeOf(cause, path)}: ${messageOf(cause)}`, { cause })
  }
}

function readDefault(path: string, module: object): MeepoConfig {
  if (!('default' in module)) throw new MeepoError('config.invalid', `${path} has no default export`)
  parseWith(configShape, module.default, 'config.invalid', path)
  // The shape was checked; what is inside definitions and stores is for their own code.
  return module.default as MeepoConfig
}

/** Workflows are definitions as well: what looks for one by name finds them. */
function withWorkflows(config: MeepoConfig): KnownConfig {
  const { definitions = [], workflows = [] } = config
  return { ...config, definitions: [...new Set([...definitions, ...workflows])] }
}

/** Paths in a configuration start from its folder, wherever the command was called. */
function withStore(config: KnownConfig, folder: string): KnownConfig {
  const { store = '.meepo/meepo.db', archive } = config
  const isFolder = typeof archive === 'string' && !archive.startsWith('s3:')
  const placed = isFolder ? { ...config, archive: resolve(folder, archive) } : config
  return isStoreFile(store) ? { ...placed, store: resolve(folder, store) } : placed
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
}

/** Node tells the place of a syntax error, and of what was thrown, in the stack only. */
function placeOf(thrown: unknown, path: string): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : ''
  const at = stack.indexOf(path)
  return at < 0 ? path : (/^[^\s()]+/.exec(stack.slice(at))?.[0] ?? path)
}
