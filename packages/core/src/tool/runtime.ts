// What the tools of one process share. All of it happens inside of steps: what depends on the process is recorded with
// its outcome, and never decided by replayed code.

import type { Limiter, Permit, Priority } from '../admission/limits/limiter.ts'
import { MeepoError } from '../base/errors.ts'
import { copyJson } from '../base/json-copy.ts'
import { canonicalJson } from '../base/json.ts'
import type { Scheduler } from '../base/ports.ts'
import type { Attempt } from '../run/context.ts'
import type { ToolHost } from '../run/tool-host.ts'
import { Batches, type BatchWork } from './batches.ts'
import { Breakers, type Verdict } from './breaker.ts'
import { ResultCache } from './cache.ts'
import { payFor, noteSavedCall } from './paid-call.ts'
import { Slots } from './slots.ts'
import { AttemptToolCall, WatchedToolCall } from './tool-call.ts'
import type { CallTags, Tool } from './tool.ts'
import { maxQueueMs, watchCall, type Watched } from './watched-call.ts'

/** How a {@link ToolRuntime} is made. */
export interface ToolRuntimeOptions {
  readonly scheduler: Scheduler
  /** Its limits of scope `tool` count calls, or batches, as one request each; those of scope `global` count them as well. */
  readonly limiter?: Limiter
  /** How much there is of each pool that tools take from, in this process. */
  readonly pools?: Readonly<Record<string, number>>
  /** Results that are kept at most; 10,000 unless said. */
  readonly cacheEntries?: number
  /** Characters of JSON text that kept results take at most, about; 64 Mi unless said. One takes at most a tenth. */
  readonly cacheSize?: number
}

/** What a {@link ToolRuntime} holds at the moment. */
export interface ToolRuntimeView {
  readonly cached: { readonly entries: number; readonly size: number }
  /** `tenant/tool` of breakers that are not closed. */
  readonly openBreakers: readonly string[]
}

/**
 * Makes what the tools of one process share: cached results, breakers, pools, batches and limits. An engine makes one of
 * its own unless it is given one.
 */
export function createToolRuntime(options: ToolRuntimeOptions): ToolRuntime {
  return new ToolRuntime(options)
}

/** See {@link createToolRuntime}. */
export class ToolRuntime implements ToolHost {
  readonly #scheduler: Scheduler
  readonly #limiter: Limiter | undefined
  readonly #cache: ResultCache
  readonly #breakers: Breakers
  readonly #slots: Slots
  readonly #batches: Batches

  constructor({ scheduler, limiter, pools = {}, cacheEntries = 10_000, cacheSize = 2 ** 26 }: ToolRuntimeOptions) {
    this.#scheduler = scheduler
    this.#limiter = limiter
    this.#cache = new ResultCache(scheduler, { entries: cacheEntries, size: cacheSize })
    this.#breakers = new Breakers(scheduler)
    this.#slots = new Slots(scheduler, pools)
    this.#batches = new Batches(scheduler, (work, body) => this.#withRoom(work, body))
  }

  /** The body of one try of a tool that has one. */
  run(tool: Tool, args: unknown, attempt: Attempt, callId: string): Promise<unknown> {
    if (!this.#limiter && isBare(tool)) return Promise.resolve(tool.run?.(args, new AttemptToolCall(attempt, callId)))
    return tool.cacheMs === undefined
      ? this.#guarded(tool, args, attempt, callId)
      : this.#cached(tool, tool.cacheMs, args, attempt, callId)
  }

  /** Forgets cached results of a tenant with any of the tags. The name of a tool is a tag. */
  invalidate(tenant: string, tags: readonly string[]): void {
    this.#cache.invalidate(tags.map((tag) => `${tenant}/${tag}`))
  }

  inspect(): ToolRuntimeView {
    const { count: entries, size } = this.#cache
    return { cached: { entries, size }, openBreakers: this.#breakers.open() }
  }

  async #cached(tool: Tool, cacheMs: number, args: unknown, attempt: Attempt, callId: string): Promise<unknown> {
    const { tenant } = attempt.call
    const key = `${tenant}/${tool.name}@${tool.version ?? '1'}/${canonicalJson(args)}`
    const hit = this.#cache.get(key)
    if (hit) {
      const picoDollars = noteSavedCall(tool, attempt, this.#scheduler.now())
      attempt.saved({ from: 'cache', ms: hit.ms, ...(picoDollars === undefined ? {} : { picoDollars }) })
      return hit.value
    }
    const tags = [tool.name, ...tagsOf(tool.cacheTags, args)].map((tag) => `${tenant}/${tag}`)
    const read = this.#cache.begin(tags)
    const startedAt = this.#scheduler.elapsed()
    try {
      const returned = await this.#guarded(tool, args, attempt, callId)
      // What the output schema refuses is an error, and errors are not kept.
      if (tool.output && !tool.output.safeParse(returned).success) return returned
      const ms = Math.round(this.#scheduler.elapsed() - startedAt)
      this.#cache.put(key, read, { ...copyJson(returned), ms, forMs: cacheMs })
      return returned
    } finally {
      this.#cache.end(read)
    }
  }

  /** Makes what a call changes invalid: before it, so that nobody reads what is about to change, and after it. */
  async #guarded(tool: Tool, args: unknown, attempt: Attempt, callId: string): Promise<unknown> {
    const tags = tagsOf(tool.invalidates, args)
    const { tenant } = attempt.call
    const { breaker } = tool
    const key = `${tenant}/${tool.name}`
    if (breaker) this.#breakers.enter(key, tool.name, breaker)
    let verdict: Verdict = 'none'
    if (tags.length > 0) this.invalidate(tenant, tags)
    try {
      const result = await payFor(tool, attempt, this.#scheduler, () => this.#made(tool, args, attempt, callId))
      verdict = 'ok'
      return result
    } catch (thrown) {
      verdict = attempt.signal.aborted || isAboutCaller(thrown) ? 'none' : 'failed'
      throw thrown
    } finally {
      if (breaker) this.#breakers.leave(key, breaker, verdict)
      if (tags.length > 0) this.invalidate(tenant, tags)
    }
  }

  #made(tool: Tool, args: unknown, attempt: Attempt, callId: string): Promise<unknown> {
    if (tool.batch) return this.#batches.join(tool, tool.batch, args, attempt, callId)
    const work = { tool, attempt, signal: attempt.signal }
    // Without batch there is a body: composite tools never come here.
    return this.#withRoom(work, async (watched) => tool.run?.(args, new WatchedToolCall(attempt, callId, watched)))
  }

  /** Limits first: whoever waits for them holds no room. */
  async #withRoom(
    { tool, attempt, signal }: BatchWork,
    body: (watched: Watched) => Promise<unknown>,
  ): Promise<unknown> {
    const { priority } = attempt.call
    const waiting = (what?: string): void => attempt.account.waiting(what)
    const permit = await this.#permit(tool, attempt, signal, waiting)
    let giveBack: (() => void) | undefined
    try {
      giveBack = await this.#slots.take(tool, {
        signal,
        waiting,
        priority: priority + (tool.priority ?? 0),
        maxWaitMs: maxQueueMs,
      })
      const { name, timeoutMs, idleTimeoutMs } = tool
      return await watchCall(this.#scheduler, { name, timeoutMs, idleTimeoutMs }, signal, body)
    } finally {
      if (giveBack) permit?.settle({})
      else permit?.release()
      giveBack?.()
    }
  }

  async #permit(
    tool: Tool,
    attempt: Attempt,
    signal: AbortSignal,
    waiting: (what?: string) => void,
  ): Promise<Permit | undefined> {
    if (!this.#limiter) return undefined
    const { tenant, priority, deadlineAt } = attempt.call
    waiting(`limits of ${tool.name}`)
    try {
      return await this.#limiter.acquire({
        id: attempt.id,
        tenant,
        priority: priorityOf(priority),
        // What users and tenants may do is about models.
        scopes: { tool: tool.name },
        estimate: { inputTokens: 0, outputTokens: 0 },
        signal,
        ...(deadlineAt === undefined ? {} : { deadlineAt }),
      })
    } finally {
      waiting()
    }
  }
}

/** Needs nothing that is shared, and is watched by nobody but its step. */
function isBare(tool: Tool): boolean {
  return (
    tool.timeoutMs === undefined &&
    tool.cacheMs === undefined &&
    tool.invalidates === undefined &&
    tool.breaker === undefined &&
    tool.concurrency === undefined &&
    tool.pools === undefined &&
    tool.idleTimeoutMs === undefined &&
    tool.price === undefined &&
    tool.batch === undefined
  )
}

function tagsOf(tags: CallTags<unknown> | undefined, args: unknown): readonly string[] {
  return typeof tags === 'function' ? tags(args) : (tags ?? [])
}

/** Errors that tell nothing about the tool: the call was wrong, or never left. */
function isAboutCaller(thrown: unknown): boolean {
  return (
    MeepoError.is(thrown) &&
    (thrown.notSent || thrown.code === 'input.invalid' || thrown.code === 'tool.invalid_arguments')
  )
}

function priorityOf(priority: number): Priority {
  if (priority === 0) return 'normal'
  return priority > 0 ? 'high' : 'low'
}
