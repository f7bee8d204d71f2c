import type { GatewayOptions, ProviderKind } from './options.ts'
import { builtIn, createProvider } from './provider.ts'

/** What can be told about a provider without calling it. */
export interface ProviderDescription {
  readonly name: string
  readonly kind: ProviderKind
  /** A key was given or is in the environment. The key itself is never told. */
  readonly hasKey: boolean
  /** Its first call fails without a key. */
  readonly needsKey: boolean
}

/** The providers that a gateway with these options has. Throws `config.invalid`; loads and sends nothing. */
export function describeProviders(options: GatewayOptions = {}): readonly ProviderDescription[] {
  const surroundings = { env: options.env ?? process.env, fetch: options.fetch }
  return Object.entries({ ...builtIn, ...options.providers }).map(([name, given]) => {
    const { kind, secret } = createProvider(name, given, surroundings)
    return { name, kind, hasKey: secret() !== undefined, needsKey: kind !== 'openai-compatible' }
  })
}
