import { MeepoError, noUsage, toErrorData, type CallEntry, type ModelResponse } from '@meepo/core'

import { cancelledError } from '../errors/model-error.ts'
import { freeEntry, type Answered, type GatewayCall, type Handle, type Stage } from '../pipeline/stage.ts'
import type { AnswerStore } from './answer-store.ts'
import type { Sharing, SharingPolicy } from './sharing.ts'

/** What the response cache works with. */
export interface CacheStageOptions {
  readonly policy: SharingPolicy
  readonly store: AnswerStore
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The store failed; the call went on without it. */
  readonly onTrouble: (message: string) => void
}

/** What is kept: the answer, and of its line in the books what a hit needs to say what it saved. */
interface Kept {
  readonly response: ModelResponse
  readonly id: string
  readonly entry: Pick<CallEntry, 'target' | 'model' | 'cost'>
}

/**
 * Answers from the cache what was answered before. A hit costs nothing, says what it saved, and passes no limit. Only whole
 * answers are kept (`stop`, `tool-calls`): never errors, cut or filtered ones. Where a call allows it, an older answer stands
 * in when providers fail.
 */
export function cacheStage({ policy, store, now, onTrouble }: CacheStageOptions): Stage {
  const attempt = async <T>(what: string, action: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await action()
    } catch (error) {
      // A cache that fails makes calls dearer, not wrong.
      onTrouble(`the response cache cannot ${what}: ${toErrorData(error).message}`)
      return undefined
    }
  }
  const find = (key: string, at: number, maxAgeMs: number): Promise<Kept | undefined> =>
    attempt('read', async () => {
      const found = await store.get(key)
      return found && at - found.at < maxAgeMs ? read(found.text) : undefined
    })
  const answer = async (call: GatewayCall, { key, forMs, staleMs }: Sharing, next: Handle): Promise<Answered> => {
    const startedAt = now()
    const kept = await find(key, startedAt, forMs)
    if (kept) return hit(call, kept, { startedAt, endedAt: now() })
    try {
      const answered = await next(call)
      if (isKept(answered)) {
        const at = now()
        await attempt('write', () => store.set(key, { text: write(answered), at }, at + Math.max(forMs, staleMs)))
      }
      return answered
    } catch (error) {
      const because = staleMs > 0 ? outageOf(error) : undefined
      const failedAt = now()
      const stale = because && (await find(key, failedAt, staleMs))
      if (!stale) throw error
      return hit(call, stale, { startedAt: failedAt, endedAt: now(), because })
    }
  }
  // No turn is lost for a call that does not share.
  return (call, next) => {
    const sharing = policy(call)
    return sharing ? answer(call, sharing, next) : next(call)
  }
}

/** Only what was paid for here: a shared answer is kept by whoever paid. */
function isKept({ response: { finish }, entry }: Answered): boolean {
  return entry.outcome === 'ok' && (finish === 'stop' || finish === 'tool-calls')
}

/** What providers did that an older answer may stand in for. A caller's own budget, limit, abort or mistake is none. */
const outages: ReadonlySet<string> = new Set([
  'model.bad_response',
  'model.interrupted',
  'model.not_found',
  'model.overloaded',
  'model.rate_limited',
  'model.timeout',
  'model.unauthorized',
  'model.unavailable',
])

/** Never after the first text of another answer was shown. */
function outageOf(error: unknown): string | undefined {
  if (!MeepoError.is(error) || !outages.has(error.code) || error.details?.['hasText'] === true) return undefined
  return error.code
}

interface HitTimes {
  readonly startedAt: number
  readonly endedAt: number
  /** The failure that an older answer stands in for. */
  readonly because?: string | undefined
}

function hit(call: GatewayCall, { response, id, entry }: Kept, { startedAt, endedAt, because }: HitTimes): Answered {
  if (call.signal.aborted) throw cancelledError(call.signal)
  const paid = {
    id,
    response,
    entry: { ...entry, outcome: 'ok', usage: noUsage, startedAt, durationMs: 0, try: 1 },
  } as const
  const free = freeEntry('cached', paid, { startedAt, durationMs: Math.max(0, endedAt - startedAt) })
  const line = because === undefined ? free : { ...free, facts: { ...free.facts, degraded: true, because } }
  const ownId = call.nextId()
  call.account.settle(ownId, line)
  if (response.text !== '') call.onText?.(response.text)
  return { response, id: ownId, entry: line }
}

function write({ response, id, entry: { target, model, cost } }: Answered): string {
  // Whoever is answered by it used no tokens.
  const kept = { response: { ...response, usage: noUsage }, id, entry: { target, model, cost } }
  return JSON.stringify(kept)
}

/** Throws for what was not written by `write` above: a store may be shared with others, and with other versions. */
function read(text: string): Kept {
  const kept = parse(text)
  const { response, entry } = kept ?? {}
  const isWhole = typeof response?.text === 'string' && Array.isArray(response.toolCalls) && entry?.cost !== undefined
  if (!isWhole) throw new MeepoError('model.bad_response', 'what was kept is no answer')
  return kept as Kept
}

/** As far as `read` needs it; what the parser says of bad text quotes it. */
function parse(text: string): Partial<Kept> | null | undefined {
  try {
    return JSON.parse(text) as Partial<Kept> | null
  } catch {
    return undefined
  }
}
