export { createSimulator } from './server.ts'
export type { Simulator } from './server.ts'
export type { SimulatorOptions } from './options.ts'
export type {
  FinishReason,
  SimulatorAnswer,
  SimulatorRequest,
  SimulatorScript,
  SimulatorToolCall,
  SimulatorUsage,
} from './script.ts'
export type { Fault } from './fault.ts'
export type { Latency } from './latency.ts'
export type { Journal } from './journal/journal.ts'
export type { JournalEntry, JournalTotals } from './journal/entry.ts'
export { readJournalFile } from './journal/journal-file.ts'
export type { JournalLine } from './journal/journal-file.ts'
export { messageText } from './openai/chat-request.ts'
export type { ChatBody, ChatMessage, ChatPart, ChatTool, ChatToolCall } from './openai/chat-request.ts'
export { countTokens } from './tokens.ts'
export { SimulatorError } from './failure.ts'
export type { SimulatorErrorCode } from './failure.ts'
