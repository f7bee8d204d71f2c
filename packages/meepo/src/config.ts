import type { GraphRegistry } from '@meepo/core/graph-data'
import type { MeepoOptions } from './options.ts'

/** What `meepo.config.ts` exports as its default. The command line can run its `definitions` and `workflows`. */
export interface MeepoConfig extends MeepoOptions {
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
