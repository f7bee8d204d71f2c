export { webhookSink, type WebhookOptions } from './alerts/webhook.ts'
export { describeProviders, type ProviderDescription } from './describe.ts'
export { createGateway } from './gateway.ts'
export type { Gateway, GatewayOptions, GatewayWarning, ProviderKey, ProviderKind, ProviderOptions } from './options.ts'
export { ageWarning, checkAge, type PriceAge } from './prices/age.ts'
export { diffBooks, formatChange, type PriceChange } from './prices/diff.ts'
export {
  openPrices,
  PriceList,
  type PriceDecision,
  type PriceListOptions,
  type UnpricedPolicy,
} from './prices/price-list.ts'
export { shippedPrices } from './prices/shipped.ts'
export { simplePrice, type SimplePrice } from './prices/simple-price.ts'
export { countTextTokens, countTokens } from './tokens/count-tokens.ts'
export {
  estimateTextTokens,
  estimateTokens,
  mostTokens,
  TokenScales,
  type TokenScale,
} from './tokens/estimate-tokens.ts'
export { estimateUsage, type OwnCount } from './usage/estimate.ts'
export { extractUsage, type Extracted, type Reported } from './usage/extract.ts'
export { LastWords } from './usage/last-words.ts'
export { adviceSettings } from './advise/advice-settings.ts'
export { advise, Adviser, type AdviseOptions } from './advise/advise.ts'
export type { Advice, AdviceEffect, AdviceRule } from './advise/advice.ts'
export {
  batchDefinition,
  type BatchAccount,
  type BatchAnswer,
  type BatchDefinitionOptions,
  type BatchJob,
} from './batch/batch-definition.ts'
export type { BatchAsk, Batches, SubmitOptions, TicketOptions } from './batch/batch-service.ts'
export type { BatchOutcome, BatchProgress, BatchResults, BatchTicket, BatchTicketItem } from './batch/ticket.ts'
export type { WaitOptions } from './batch/wait-stage.ts'
export { fingerprint, type CallFacts, type Fingerprint } from './books/facts.ts'
export type { AnswerStore, KeptAnswer } from './cache/answer-store.ts'
export type { CacheOptions } from './cache/cache-options.ts'
export type { CollectOptions } from './embed/collector.ts'
export type { Embedded, EmbedOptions } from './embed/embed.ts'
export type { Asked, AskOptions } from './serve/ask.ts'
export type { Serving } from './serve/serving.ts'
export type { Structured, StructuredOptions } from './serve/structured.ts'
export type { TabCost, TabLine } from './serve/tab.ts'
export type { TextStream } from './serve/text-stream.ts'
export { describeHealth, type TargetHealth } from './health/target-health.ts'
export type { RetryOptions } from './retry/backoff.ts'
export type { RouteChoice, RouteChooser, RouteOptions, RouteStrategy, RouteTarget } from './route/route-options.ts'
export { transportCounts, type TransportCounts } from './transport-counts.ts'
