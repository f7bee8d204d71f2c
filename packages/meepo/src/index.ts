export { createMeepo, type Meepo, type RunOptions } from './create-meepo.ts'
export type { MeepoOptions } from './options.ts'
export type { MoneyOptions } from './money.ts'
export { defineConfig, type MeepoConfig } from './config.ts'

export { approvalSignal, define, defineAgent, defineGraph, defineTool, MeepoError, noRetry, task } from '@meepo/core'
export { formatDollars, handlerSink, logSink, parseDollars } from '@meepo/core'
// By subject: how things are defined, what they are made of, how they run.
export type { Agent, AgentOptions, AnyDefinition, Definition, DefinitionOptions } from '@meepo/core'
export type { GraphOptions, GraphTask, Tool, ToolOptions } from '@meepo/core'
export type { AlertNotice, AlertSink, Budget, Costs, Limit } from '@meepo/core'
export type { Effect, ErrorCode, Json, Model, RunContext, RunLimits, Store } from '@meepo/core'
export type { Engine, HistoryEntry, RunHandle, RunRecord, RunSummary, StartOptions, StreamEvent } from '@meepo/core'
