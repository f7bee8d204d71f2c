export { catalogue, type ErrorCode, type ErrorEntry } from './base/catalogue.ts'
export { MeepoError, toError, toErrorData, type ErrorData, type ErrorOptions } from './base/errors.ts'
export { childRunId, newRunId, type EngineId, type RunId, type Scope, type TenantId } from './base/ids.ts'
export { canonicalJson, type Json, type JsonObject } from './base/json.ts'
export type { Hash, Machine, Random, Scheduler, Stop } from './base/ports.ts'
export { anySchema, guardSchema, parseWith, textSchema, type Issue, type Parsed, type Schema } from './base/schema.ts'
export { addUsage, noUsage, totalTokens, type Usage } from './base/usage.ts'
export type { CallCost, CallEntry, CallOutcome } from './base/call-entry.ts'
export { createBudgetBook, type AccountView, type BudgetBook, type Charge } from './admission/budget/book.ts'
export type { Budget, BudgetPeriod, BudgetScope, WeekDay } from './admission/budget/budget.ts'
export { budgetError } from './admission/budget/budget-error.ts'
export { checkBudgets } from './admission/budget/check-budgets.ts'
export { periodOf, type Period } from './admission/budget/period.ts'
export type { Account, Balance, Grant, Mark, Reservation, Settlement } from './admission/money.ts'
export {
  type Ask,
  type BucketView,
  type Counters,
  type Holder,
  type Lesson,
  type LimiterReport,
  type LimitsView,
  type LimitTally,
  type PermitSettlement,
  type Refusal,
  type TakeOutcome,
  type TakeRequest,
  type Turn,
  type Waiting,
} from './admission/limits/counters.ts'
export type { Limit, LimitCounts, LimitPeriod, LimitScope } from './admission/limits/limit.ts'
export { createMemoryHealthBoard, type HealthBoard, type HealthRow, type HealthWrite } from './admission/health.ts'
export { checkLimits } from './admission/limits/limit.ts'
export type { LimitedCall, Limiter, Permit, Priority, Used } from './admission/limits/limiter.ts'
export { chargeFor } from './admission/limits/charge.ts'
export { createLimiter, type LimiterOptions } from './admission/limits/create-limiter.ts'
export { createMemoryCounters, type MemoryCountersOptions } from './admission/limits/memory-counters.ts'
export { readRateHeaders, type RateHeaders, type RateWindow } from './admission/limits/rate-headers.ts'
export { toRule, type Rule } from './admission/limits/rule.ts'
export type { BudgetRefusal, CallAccount, CallGrant, CallIntent } from './model/account.ts'
export type { Alert, CostQuery, CostRow, LedgerEntry, LedgerFilter, Money, Swept } from './store/money.ts'
export { seededRandom, type SeededRandom } from './base/seeded-random.ts'

export {
  isTerminal,
  type BlobRef,
  type CancelSource,
  type CheckpointPolicy,
  type Effect,
  type Ending,
  type EventData,
  type EventType,
  type LogEvent,
  type NewEvent,
  type ParentLink,
  type Resolution,
  type Rewind,
  type RunEnd,
  type RunLimits,
  type Saving,
  type StepMeta,
  type Stored,
  type TerminalType,
} from './log/events.ts'
export {
  decodeEvent,
  encodedType,
  eventVersions,
  type EventVersions,
  type RawEvent,
  type Upcaster,
} from './log/versions.ts'

export type {
  CallRetry,
  CallRouting,
  FinishReason,
  Message,
  Model,
  ModelCall,
  ModelRequest,
  ModelResponse,
  Models,
  ModelSettings,
  ToolCall,
  ToolSpec,
} from './model/model.ts'

export type {
  Attempt,
  CallContext,
  ChildOptions,
  Progress,
  Reconciled,
  RunContext,
  SignalOptions,
  StepOptions,
} from './run/context.ts'
export {
  checkRetention,
  define,
  defaultRetention,
  definitionKey,
  retentionOf,
  type AnyDefinition,
  type Definition,
  type DefinitionOptions,
  type Retention,
} from './run/definition.ts'
export type { Cost, HistoryEntry, RecordStatus, RunRecord } from './run/record.ts'
export { defaultRetry, isOnce, noRetry, retryDelay, type RetryPolicy } from './run/retry.ts'
export { isRunEnding } from './run/run-ending.ts'
export type { Settled, Task, TaskKind } from './run/task.ts'

export { checkPriceBook, checkPriceCards, findPriceProblems } from './cost/check-book.ts'
export type { PriceProblem } from './cost/check-rates.ts'
export { findCard } from './cost/find-card.ts'
export { formatDollars, parseDollars, parsePico, type Pico, type Ratio } from './cost/money.ts'
export { normalise, restOf } from './cost/normalise.ts'
export { priceCall, type PriceCallOptions, type Priced, type PriceFlag, type PriceLine } from './cost/price-call.ts'
export {
  cardKey,
  type ModalityRates,
  type ModelAbility,
  type PriceBook,
  type PriceCard,
  type PricePeriod,
  type Rates,
  type ServicePrice,
  type ServiceTier,
  type SizeTier,
} from './cost/price-card.ts'
export type { ServiceClass } from './cost/service-class.ts'
export { affordableOutput, upperBound, type UpperBound, type UpperBoundOptions } from './cost/upper-bound.ts'
export {
  emptyBuckets,
  inputTokens,
  outputTokens,
  toUsage,
  type CacheWrites,
  type InnerUsage,
  type Modalities,
  type UsageBuckets,
  type UsageFlag,
} from './cost/usage-buckets.ts'

export {
  type AppendExtras,
  type AppendRequest,
  type DrivenRun,
  type Blobs,
  type Change,
  type Claim,
  type ClaimOptions,
  type Created,
  type Delivery,
  type Inbox,
  type Leases,
  type Log,
  type Mail,
  type NewRun,
  type Orphan,
  type PruneOptions,
  type Release,
  type RunFilter,
  type RunStatus,
  type RunSummary,
  type Store,
  type TailEvent,
} from './store/store.ts'

export { askedLimits, type AskedLimits } from './engine/asked-limits.ts'
export { createAlerts, type Alerts, type AlertsOptions, type AlertSink } from './books/alerts.ts'
export type { AlertNotice } from './books/alert-notice.ts'
export { handlerSink, isFirstEngine, logSink } from './books/alert-sinks.ts'
export type { BudgetState } from './books/budget-states.ts'
export {
  createCosts,
  type CostDays,
  type CostLine,
  type Costs,
  type CostsOptions,
  type CostSummary,
} from './books/costs.ts'
export type { RepriceOptions, Repriced } from './books/reprice.ts'
export { createStoreAccount, type StoreAccount, type StoreAccountOptions } from './books/store-account.ts'
export { sweepCalls } from './books/sweep.ts'

export type {
  Engine,
  RunHandle,
  StartOptions,
  StopOptions,
  StreamBody,
  StreamEvent,
  StreamOptions,
} from './engine/engine.ts'
export type { Dispatcher, Drive, DriveHost } from './engine/dispatcher.ts'

export { approvalSignal, type ApprovalDecision } from './tool/approval.ts'
export { jsonSchemaOf } from './tool/json-schema.ts'
export type { ToolMessage, ToolStage } from './tool/answer.ts'
export { asTool, type AsToolOptions } from './tool/as-tool.ts'
export {
  createToolExecutor,
  type ExecuteOptions,
  type ExecutorCall,
  type ToolExecutor,
  type ToolExecutorOptions,
} from './tool/executor.ts'
export type { ToolRequest } from './tool/order.ts'
export type { ResultReference } from './tool/references.ts'
export { createToolRegistry, type ToolDescription, type ToolQuery, type ToolRegistry } from './tool/registry.ts'
export { reportCalls, type CallSpan, type ReportFacts, type ToolReport, type ToolUse } from './tool/report.ts'
export { type ResultLimits } from './tool/result-room.ts'
export { runTools, type RunToolsOptions, type ToolRun } from './tool/run-tools.ts'
export { createToolRuntime, ToolRuntime, type ToolRuntimeOptions, type ToolRuntimeView } from './tool/runtime.ts'
export type { HostedTool, ToolHost } from './run/tool-host.ts'
export {
  defineTool,
  toolset,
  type BatchCall,
  type BatchItem,
  type BatchToolOptions,
  type BreakerPolicy,
  type CallTags,
  type LeafTool,
  type NeedsApproval,
  type Tool,
  type ToolBatch,
  type ToolCallContext,
  type ToolExample,
  type ToolOptions,
  type Toolset,
  type ToolSettings,
} from './tool/tool.ts'

export { defineAgent, type Agent, type AgentOptions } from './agent/agent.ts'
export type { CompactionRule, SummaryRule } from './agent/compaction.ts'
export {
  promptTemplate,
  type Instructions,
  type PromptTemplate,
  type TemplateValue,
  type TemplateVariables,
} from './agent/instructions.ts'
export type { ProgressRule } from './agent/progress.ts'
export { openSession, sessionOf, type SessionHost } from './agent/session/open-session.ts'
export type { BusyPolicy } from './agent/session/message.ts'
export type { Reply, SendOptions, SentMessage, Session, SessionOptions } from './agent/session/session.ts'
export type { SessionEntry } from './agent/session/view.ts'
export type { SessionStart } from './agent/session/session-run.ts'
export { validateConversation } from './agent/conversation.ts'

export { graphBuilder, type GraphBuilder, type GraphBuilderOptions } from './graph/builder.ts'
export {
  createOrchestrator,
  type AgentSettings,
  type AgentTask,
  type Orchestrator,
  type OrchestratorOptions,
} from './graph/orchestrator.ts'
export { foldTaskRecords, readTaskRecords, type RecordSource } from './graph/records.ts'
export { defineGraph, taskFailed, type Graph, type GraphOptions, type ResultsOf } from './graph/graph.ts'
export { grow, type Growth } from './graph/grow.ts'
export type {
  Decision,
  GraphOutcome,
  Recover,
  RolledBack,
  RunGraphOptions,
  TaskFailure,
  TaskRecord,
  TaskTry,
} from './graph/outcome.ts'
export { levels, planGraph, type GraphNode, type GraphPlan, type TaskShape } from './graph/plan.ts'
export { prepareGraph, type GraphSettings, type GrowTasks, type PreparedGraph } from './graph/prepare.ts'
export { runGraph } from './graph/run-graph.ts'
export {
  task,
  type AnyTask,
  type Completed,
  type Conditions,
  type GraphTask,
  type ItemInput,
  type Rollback,
  type TaskExpectation,
  type TaskInput,
  type TaskItems,
  type TaskJoin,
  type TaskOptions,
  type TaskRepeat,
  type TaskRun,
  type TaskSettings,
  type TaskWork,
  type WaitOptions,
  type WorkOptions,
} from './graph/task.ts'
export type { ItemView, TaskResults, TaskState, TaskStatus, TaskView } from './graph/task-view.ts'

export type { MissedPolicy, ScheduleData } from './graph/data/graph-data.ts'
export type { Fire, FireTimes, Schedule } from './workflow/schedule.ts'
export { invalidSchedule, scheduleData } from './workflow/schedule.ts'
export { fireRunId, nextSchedulerId, restVersion, schedulerVersion } from './workflow/run-ids.ts'
export { applied, isResting, isSameSchedule } from './workflow/scheduler-changes.ts'
export { replacedSignal, schedulerDefinition, schedulerName } from './workflow/scheduler.ts'
export type { SchedulerHost, SchedulerPast } from './workflow/scheduler-host.ts'
export { foldScheduler } from './workflow/scheduler-fold.ts'
export type { SchedulerLink } from './workflow/scheduler-fold.ts'
export type { PassedFire, PendingFire, SchedulerChange } from './workflow/scheduler-state.ts'
export type { SchedulerState, StartedFire } from './workflow/scheduler-state.ts'
export { defineWorkflow, isWorkflow, scheduleInput, workflowStart } from './workflow/workflow.ts'
export type { Workflow, WorkflowOptions } from './workflow/workflow.ts'

export { definePlanner, isPlanner, planTool } from './plan/planner.ts'
export type { Planner, PlannerOptions, PlanValidation } from './plan/planner.ts'
export { planApprovalSignal, type PlanApproval } from './plan/approval.ts'
export { checkPlan, type PlanRules } from './plan/check-plan.ts'
export { planToGraphData } from './plan/plan-to-graph.ts'
export { estimatePlan, estimateText, type PlanEstimate } from './plan/estimate.ts'
export { readWorkerMeasures, type WorkerMeasure, type WorkerMeasures } from './plan/measures.ts'
export type { Goal } from './plan/goal.ts'
export type { PlanOutcome, PlanTaskRecord } from './plan/outcome.ts'
export type { Plan, PlannedTask, PlanRole } from './plan/plan.ts'
export type { GoalCheck } from './plan/plan-run.ts'
export { defaultRecoveryRules } from './plan/recovery.ts'
export type {
  FailedTask,
  FailedTry,
  RecoveryChoice,
  RecoveryOptions,
  RecoveryRules,
  RecoveryStrategy,
} from './plan/recovery.ts'
export { makeWorkers, type Expectations, type PlannedDefinition, type Worker, type Workers } from './plan/workers.ts'

// For engines: the driver of one run, what it needs of its host, and the folds of a log.
export { cloneJson, copyJson, readJson, type JsonCopy } from './base/json-copy.ts'
export { StreamFold } from './engine/stream-fold.ts'
export { RunDriver, type DriverOptions } from './run/driver.ts'
export type { ChildNews, ChildRef, ChildStart, RunHost } from './run/host.ts'
export { childScopes, rootScopes, type ScopeParts } from './run/call-context.ts'
export type { CallEvent } from './run/attempt-account.ts'
export { lostEntry, type LostCall } from './run/lost-call.ts'
export { narrowLimits, raisedLimits, startLimits } from './run/limits.ts'
export type { CancelMail, DriverMail, ResolveMail } from './run/mail.ts'
export { blobsOf, foldRecord } from './run/record-fold.ts'
export { isBudgetStop, planRewind, type RewindPlan } from './run/rewind.ts'
export { effectiveEvents } from './run/effective-events.ts'
export { readRecording, type RecordedTask, type Recording, type Segment } from './run/recording.ts'
export { withCheckpoint } from './checkpoint/fold.ts'
