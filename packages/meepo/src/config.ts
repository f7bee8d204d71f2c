import type { AnyDefinition } from '@meepo/core'
import type { GraphRegistry } from '@meepo/core/graph-data'
import type { MeepoOptions } from './options.ts'

/** What `meepo.config.ts` exports as its default. */
export interface MeepoConfig extends MeepoOptions {
  /** What the command line can run. */
  readonly definitions: readonly AnyDefinition[]
  /** What graphs in files may name, besides `definitions` and the tools of their agents. */
  readonly registry?: Pick<GraphRegistry, 'tools' | 'functions'>
}

/**
 * Types a configuration; returns it as it is.
 * @example export default defineConfig({ definitions: [monthEnd], aliases: { fast: 'openai:gpt-6-luna' } })
 */
export function defineConfig(config: MeepoConfig): MeepoConfig {
  return config
}
