import { hasBatches, createBatchTarget, type BatchTarget } from '../batch/batch-target.ts'
import type { BatchTools } from '../batch/batches.ts'
import { waitStage } from '../batch/wait-stage.ts'
import { memoryAnswers } from '../cache/answer-store.ts'
import { checkCache } from '../cache/cache-options.ts'
import { cacheStage } from '../cache/cache-stage.ts'
import { sharingPolicy } from '../cache/sharing.ts'
import { coalesceStage } from '../coalesce/coalesce-stage.ts'
import { createEmbedTarget, type EmbedTarget } from '../embed/embed-target.ts'
import type { GatewayOptions } from '../options.ts'
import { systemScheduler } from '../pipeline/clock.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import type { Stage } from '../pipeline/stage.ts'
import type { Provider } from '../provider.ts'
import type { Routes } from '../route/route.ts'
import type { ServingTools } from './serving.ts'

/** What the rest of the gateway gives to those who spend less and serve more. */
export interface Assembly {
  readonly options: GatewayOptions
  readonly parts: PipelineParts
  readonly routes: Routes
  readonly providers: ReadonlyMap<string, Provider>
  readonly newId: () => string
}

/** What stands in front of the tries: answers that are there, requests in flight, and batches. */
export function savingStages({ options, parts, routes, newId, providers }: Assembly): readonly Stage[] {
  const { cache = {}, waiting = {} } = options
  checkCache(cache)
  const { clock } = parts
  const policy = sharingPolicy({
    deterministicMs: cache.deterministicMs,
    modelOf: (name) =>
      routes
        .find(name)
        .seats.map(({ target }) => target.id)
        .join(' '),
  })
  const store = cache.store ?? memoryAnswers(clock.now, cache.maxBytes)
  const onTrouble = onceTold(options)
  const findBatch = batchFinder(routes, providers)
  return [
    cacheStage({ policy, store, now: clock.now, onTrouble }),
    coalesceStage(policy, clock.now),
    waitStage({
      ...batchTools(parts),
      clock,
      newId,
      options: waiting,
      targetOf: (name) => (hasBatchDoor(routes, providers, name) ? findBatch(name) : undefined),
    }),
  ]
}

/** What serving without an agent needs, but for the models. */
export function servingTools({ options, parts, routes, providers, newId }: Assembly): Omit<ServingTools, 'models'> {
  const { scheduler = systemScheduler } = options.machine ?? {}
  const embedTargets = new Map<string, EmbedTarget>()
  return {
    newId,
    embed: {
      scheduler,
      random: { next: parts.clock.random },
      prices: () => parts.prices.list,
      scales: parts.scales,
      timeoutMs: parts.settings.timeoutMs,
      limiter: parts.limiter,
      ...(options.embeddings ? { collect: options.embeddings } : {}),
      targetOf: (name) => {
        let found = embedTargets.get(name)
        if (!found) embedTargets.set(name, (found = createEmbedTarget(...first(routes, providers, name))))
        return found
      },
    },
    batch: { ...batchTools(parts), targetOf: batchFinder(routes, providers) },
  }
}

function batchTools({ prices, clock, scales }: PipelineParts): BatchTools {
  return { prices: () => prices.list, scheduler: clock, scales }
}

function batchFinder(routes: Routes, providers: ReadonlyMap<string, Provider>): (name: string) => BatchTarget {
  const known = new Map<string, BatchTarget>()
  return (name) => {
    let found = known.get(name)
    if (!found) known.set(name, (found = createBatchTarget(...first(routes, providers, name))))
    return found
  }
}

function hasBatchDoor(routes: Routes, providers: ReadonlyMap<string, Provider>, name: string): boolean {
  return hasBatches(first(routes, providers, name)[0])
}

/** The first target of a name: batches and embeddings do not fail over, as their results belong to one model. */
function first(routes: Routes, providers: ReadonlyMap<string, Provider>, name: string): [Provider, string] {
  const [seat] = routes.find(name).seats
  const provider = providers.get(seat?.target.provider ?? '')
  // Every route has a seat, and every seat a provider of this gateway.
  return [provider!, seat!.target.model]
}

function onceTold({ onWarning }: GatewayOptions): (message: string) => void {
  let isTold = false
  return (message) => {
    if (isTold) return
    isTold = true
    if (onWarning) onWarning({ model: 'gateway', message })
    else process.emitWarning(message, 'MeepoGatewayWarning')
  }
}
