export { createMeepo, type Meepo, type MeepoOptions, type RunOptions } from './create-meepo.ts'
export { defineConfig, type MeepoConfig } from './config.ts'

export { approvalSignal, define, defineAgent, defineGraph, defineTool, MeepoError, noRetry, task } from '@meepo/core'
export type {
  Agent,
  AgentOptions,
  AnyDefinition,
  Definition,
  DefinitionOptions,
  Effect,
  Engine,
  ErrorCode,
  GraphOptions,
  GraphTask,
  HistoryEntry,
  Json,
  Model,
  RunContext,
  RunHandle,
  RunLimits,
  RunRecord,
  RunSummary,
  StartOptions,
  Store,
  StreamEvent,
  Tool,
  ToolOptions,
} from '@meepo/core'
