export { createSimulator } from './server.ts'
export type { Simulator } from './server.ts'
export { startFromFlags } from './command.ts'
export type { SimulatorFlags } from './flags.ts'
export type { SimulatorOptions } from './options.ts'
export type { SimulatorKey, SimulatorProvider } from './provider.ts'
export type {
  FinishReason,
  SimulatorAnswer,
  SimulatorRequest,
  SimulatorScript,
  SimulatorToolCall,
  SimulatorUsage,
} from './script.ts'
export type { Chance, RuleWindow, SimulatorRule } from './rules/rule.ts'
export type { SimulatorFault } from './rules/with-faults.ts'
export type { Fault, Refusal } from './fault.ts'
export type { Latency } from './latency.ts'
export type { RefusalReason, Route } from './wire/wire.ts'
export type { SimulatorLimit } from './limiter/limit.ts'
export type { BucketReport } from './limiter/bucket.ts'
export type { LimitUnit } from './limiter/limit-state.ts'
export type { LimitReport } from './limiter/limiter.ts'
export type { Buckets } from './invoice/buckets.ts'
export type { SimulatorPrice, SimulatorRate } from './invoice/price.ts'
export type { Journal } from './journal/journal.ts'
export type { JournalEntry, JournalTotals } from './journal/entry.ts'
export { readJournalFile } from './journal/journal-file.ts'
export type { JournalLine } from './journal/journal-file.ts'
export { messageText } from './openai/chat-request.ts'
export type { ChatBody, ChatMessage, ChatPart, ChatTool, ChatToolCall } from './openai/chat-request.ts'
export { countTokens } from './tokens.ts'
export { SimulatorError } from './failure.ts'
export type { SimulatorErrorCode } from './failure.ts'
