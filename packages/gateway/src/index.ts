export { webhookSink, type WebhookOptions } from './alerts/webhook.ts'
export { describeProviders, type ProviderDescription } from './describe.ts'
export { createGateway } from './gateway.ts'
export type { Gateway, GatewayOptions, GatewayWarning, ProviderKind, ProviderOptions } from './options.ts'
export { transportCounts, type TransportCounts } from './transport.ts'
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
