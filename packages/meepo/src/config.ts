import type { AnyDefinition } from '@meepo/core'
import type { MeepoOptions } from './options.ts'

/** What `meepo.config.ts` exports as its default. */
export interface MeepoConfig extends MeepoOptions {
  /** What the command line can run. */
  readonly definitions: readonly AnyDefinition[]
}

/**
 * Types a configuration; returns it as it is.
 * @example export default defineConfig({ definitions: [monthEnd], aliases: { fast: 'openai:gpt-6-luna' } })
 */
export function defineConfig(config: MeepoConfig): MeepoConfig {
  return config
}
