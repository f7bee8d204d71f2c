import { randomBytes } from 'node:crypto'

import { createMemoryHealthBoard, MeepoError, type Machine, type Model, type Models } from '@meepo/core'

import { HealthKeeper } from './health/health-keeper.ts'
import { describeHealth } from './health/target-health.ts'
import type { Gateway, GatewayOptions } from './options.ts'
import { createClock, systemScheduler, type Clock } from './pipeline/clock.ts'
import { PriceShelf, type PipelineParts } from './pipeline/parts.ts'
import { compose, GatewayCall } from './pipeline/stage.ts'
import { createTries } from './pipeline/tries.ts'
import { builtIn, createProvider, type Provider } from './provider.ts'
import { checkRetry } from './retry/check-retry.ts'
import { RetryBudget } from './retry/retry-budget.ts'
import { OutputBook } from './route/output-book.ts'
import { Routes } from './route/route.ts'
import { SessionBook } from './route/session-book.ts'
import { SpeedBook } from './route/speed-book.ts'
import { savingStages, servingTools } from './serve/assemble.ts'
import { createServing } from './serve/serving.ts'
import { TokenScales } from './tokens/estimate-tokens.ts'
import { createWarner } from './warnings.ts'

/**
 * Makes the way to models. Options are checked here (`config.invalid`); a provider's package is loaded and its key asked
 * for when one of its models is first called.
 *
 * @example
 * const gateway = createGateway({ aliases: { fast: 'openai:gpt-6-luna' } })
 * const answer = await gateway.resolve('fast').call({ messages }, { signal, attemptId, idempotencyKey })
 */
export function createGateway(options: GatewayOptions = {}): Gateway {
  const { env = process.env, fetch, aliases = {}, routes: given = {} } = options
  const providers = new Map<string, Provider>()
  for (const [name, provider] of Object.entries({ ...builtIn, ...options.providers })) {
    providers.set(name, createProvider(name, provider, { env, fetch }))
  }
  const routes = new Routes(providers, aliases, given)
  const parts = createParts(options)
  const { random = systemRandom } = options.machine ?? {}
  const assembly = { options, parts, routes, providers, newId: () => random.id() }
  const handle = compose(savingStages(assembly), createTries(parts, routes))
  const models = new Map<string, Model>()

  const names: Models = {
    resolve(name) {
      const known = models.get(name)
      if (known) return known
      const model: Model = {
        id: routes.find(name).id,
        keepsBooks: true,
        call: async (request, call) => (await handle(new GatewayCall(name, request, call))).response,
      }
      models.set(name, model)
      return model
    },
  }
  return {
    ...names,
    ...createServing({ ...servingTools(assembly), models: names }),
    async health() {
      return describeHealth(await parts.health.latest(), parts.clock.now())
    },
    usePrices: (prices) => parts.prices.replace(prices),
  }
}

function createParts(options: GatewayOptions): PipelineParts {
  const { scheduler = systemScheduler, random = systemRandom } = options.machine ?? {}
  const clock = createClock(scheduler, random)
  const { maxRetries, retry, limiter, usefulTokens = 256 } = options
  const repeats = { ...(maxRetries === undefined ? {} : { maxRetries }), ...(retry ? { retry } : {}) }
  checkRetry('the gateway', repeats)
  const warn = createWarner(options.onWarning)
  return {
    clock,
    prices: new PriceShelf(options.prices ?? {}),
    limiter,
    health: createKeeper(options, clock, random.id()),
    speeds: new SpeedBook(),
    sessions: new SessionBook(),
    outputs: new OutputBook(),
    scales: new TokenScales(),
    retryBudget: new RetryBudget(),
    settings: {
      timeoutMs: checkMs('timeoutMs', options.timeoutMs ?? 120_000),
      firstContentMs: checkMs('firstContentMs', options.firstContentMs ?? 30_000),
      idleTimeoutMs: checkMs('idleTimeoutMs', options.idleTimeoutMs ?? 20_000),
      clock,
      warn,
    },
    retry: repeats,
    usefulTokens,
  }
}

function createKeeper({ healthBoard, onWarning }: GatewayOptions, clock: Clock, id: string): HealthKeeper {
  let isTold = false
  return new HealthKeeper({
    board: healthBoard ?? createMemoryHealthBoard(),
    id,
    now: clock.now,
    random: clock.random,
    onTrouble: (error) => {
      if (isTold) return
      isTold = true
      const message = `the health of targets is not shared: ${error instanceof Error ? error.message : String(error)}`
      if (onWarning) onWarning({ model: 'gateway', message })
      else process.emitWarning(message, 'MeepoGatewayWarning')
    },
  })
}

const systemRandom: Machine['random'] = {
  id: () => randomBytes(16).toString('hex'),
  next: () => Math.random(),
}

function checkMs(place: string, ms: number): number {
  // Node's timers take no more and fire at once instead.
  if (ms >= 1 && ms <= 2_147_483_647) return ms
  throw new MeepoError('config.invalid', `gateway: ${place} must be milliseconds from 1 to 2147483647`)
}
