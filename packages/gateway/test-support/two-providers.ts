import type { ModelRequest } from '@meepo/core'
import { createSimulator, type Simulator, type SimulatorAnswer, type SimulatorRequest } from '@meepo/simulator'

import { createGateway } from '../src/gateway.ts'
import type { Gateway, GatewayOptions, ProviderKind } from '../src/options.ts'
import { recordAccount, type RecordedAccount } from './books.ts'
import { callOf } from './wire.ts'

/** The three wire formats, by their kinds. */
export const vendors = ['openai', 'anthropic', 'google'] as const

/** What one test of failover needs. */
export interface Stage {
  readonly simulator: Simulator
  readonly gateway: Gateway
  readonly account: RecordedAccount
  /** How many requests each provider got. */
  requests(): { readonly a: number; readonly b: number }
}

/** Where a virtual provider of the simulator is, for a kind. */
export function baseOf(simulator: Simulator, kind: ProviderKind, name: string): string {
  return `${simulator.url}/p/${name}/${kind === 'google' ? 'v1beta' : 'v1'}`
}

/** Two providers of one kind, `a` and `b`, and the route `main` over both. Waits are short. */
export async function openStage(
  atEnd: (close: () => Promise<void>) => void,
  kind: ProviderKind,
  script: (request: SimulatorRequest) => SimulatorAnswer | Promise<SimulatorAnswer>,
  options: GatewayOptions = {},
): Promise<Stage> {
  const simulator = await createSimulator({ script, providers: { a: {}, b: {} }, chunkSize: 4 })
  atEnd(() => simulator.close())
  const gateway = createGateway({
    env: {},
    onWarning: () => {},
    timeoutMs: 250,
    firstContentMs: 120,
    idleTimeoutMs: 100,
    retry: { firstMs: 1, longestMs: 5 },
    ...options,
    providers: {
      a: { kind, baseURL: baseOf(simulator, kind, 'a'), apiKey: 'key-a' },
      b: { kind, baseURL: baseOf(simulator, kind, 'b'), apiKey: 'key-b' },
      ...options.providers,
    },
    routes: { main: { targets: ['a:m', 'b:m'] }, ...options.routes },
  })
  return {
    simulator,
    gateway,
    account: recordAccount(),
    requests: () => {
      const of = (name: string): number =>
        simulator.journal.entries().filter(({ provider }) => provider === name).length
      return { a: of('a'), b: of('b') }
    },
  }
}

/** How a call went, in one object. */
export interface Went {
  readonly text?: string
  readonly code?: string
  readonly retryable?: boolean
  readonly shown: string
  readonly a: number
  readonly b: number
}

let calls = 0

/** Makes one call of a route and tells how it went. */
export async function go(stage: Stage, isWatched: boolean, request: ModelRequest, name = 'main'): Promise<Went> {
  let shown = ''
  const call = callOf({
    idempotencyKey: `key-${++calls}`,
    account: stage.account,
    ...(isWatched ? { onText: (delta: string) => (shown += delta) } : {}),
  })
  try {
    const { text } = await stage.gateway.resolve(name).call(request, call)
    return { text, shown, ...stage.requests() }
  } catch (error) {
    // The gateway rejects with errors of the house only; the test sees what is missing.
    const { code, retryable } = error as { code: string; retryable: boolean }
    return { code, retryable, shown, ...stage.requests() }
  }
}
