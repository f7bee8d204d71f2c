export { describeProviders, type ProviderDescription } from './describe.ts'
export { createGateway } from './gateway.ts'
export type { Gateway, GatewayOptions, GatewayWarning, ProviderKind, ProviderOptions } from './options.ts'
