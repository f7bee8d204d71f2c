import { MeepoError } from '../base/errors.ts'
import type { Scheduler, Stop } from '../base/ports.ts'
import type { Attempt } from '../run/context.ts'
import type { BatchItem, Tool, ToolBatch } from './tool.ts'
import type { Watched } from './watched-call.ts'

/** What runs a batch once it is complete: with room for it, and under its timeouts. */
export type RunBatch = (work: BatchWork, body: (watched: Watched) => Promise<unknown>) => Promise<unknown>

/** A batch that is about to run. */
export interface BatchWork {
  readonly tool: Tool
  /** The try that came first stands for all where limits and queues ask whose work it is. */
  readonly attempt: Attempt
  /** Aborted when nobody waits for any of the calls any more. */
  readonly signal: AbortSignal
}

interface Member {
  readonly item: BatchItem<unknown>
  readonly attempt: Attempt
  settle: PromiseWithResolvers<unknown>
  isGone: boolean
}

interface OpenBatch {
  readonly tool: Tool
  readonly members: Member[]
  readonly controller: AbortController
  readonly stopTimer: Stop
}

/*
 * Brings calls of one tool and tenant together.
 *
 * B1 A batch leaves when it is full, or when its first call waited for as long as the tool says.
 * B2 Each call gets the result or the error at its place; what is wrong with the whole is everybody's error.
 * B3 A call that is aborted leaves; the others go on. When all have left, the batch is aborted.
 */
export class Batches {
  readonly #scheduler: Scheduler
  readonly #run: RunBatch
  /** By tool, then by tenant: those that still take calls. */
  readonly #open = new Map<ToolBatch<unknown, unknown>, Map<string, OpenBatch>>()

  constructor(scheduler: Scheduler, run: RunBatch) {
    this.#scheduler = scheduler
    this.#run = run
  }

  /** Adds a call to a batch; settles with its part of the answer. */
  join(
    tool: Tool,
    batch: ToolBatch<unknown, unknown>,
    args: unknown,
    attempt: Attempt,
    callId: string,
  ): Promise<unknown> {
    const { id: attemptId, idempotencyKey, signal, call } = attempt
    const member: Member = {
      item: { args, callId, attemptId, idempotencyKey, runId: call.runId },
      attempt,
      settle: Promise.withResolvers<unknown>(),
      isGone: false,
    }
    const open = this.#openBatch(tool, batch, call.tenant)
    open.members.push(member)
    const leave = (): void => this.#leave(open, member, signal.reason as Error)
    signal.addEventListener('abort', leave, { once: true })
    if (open.members.length >= batch.maxSize) this.#depart(open, batch)
    return member.settle.promise.finally(() => signal.removeEventListener('abort', leave))
  }

  #openBatch(tool: Tool, batch: ToolBatch<unknown, unknown>, tenant: string): OpenBatch {
    const byTenant = this.#open.get(batch) ?? new Map<string, OpenBatch>()
    this.#open.set(batch, byTenant)
    const known = byTenant.get(tenant)
    if (known) return known
    const stopTimer = this.#scheduler.after(batch.maxWaitMs, () => this.#depart(open, batch))
    const open: OpenBatch = { tool, members: [], controller: new AbortController(), stopTimer }
    byTenant.set(tenant, open)
    return open
  }

  /** B3. */
  #leave(open: OpenBatch, member: Member, reason: Error): void {
    member.isGone = true
    member.settle.reject(reason)
    if (open.members.every(({ isGone }) => isGone)) open.controller.abort(reason)
  }

  /** B1. */
  #depart(open: OpenBatch, batch: ToolBatch<unknown, unknown>): void {
    open.stopTimer()
    const [first] = open.members
    const byTenant = this.#open.get(batch)
    /* v8 ignore next -- a batch is opened by its first member, and departs once */
    if (!first || !byTenant) return
    byTenant.delete(first.attempt.call.tenant)
    if (byTenant.size === 0) this.#open.delete(batch)
    const members = open.members.filter(({ isGone }) => !isGone)
    const [present] = members
    if (!present) return
    const work = { tool: open.tool, attempt: present.attempt, signal: open.controller.signal }
    const items = members.map(({ item }) => item)
    const { tenant } = present.attempt.call
    const all = async (watched: Watched): Promise<unknown> =>
      batch.run(items, { tenant, signal: watched.signal, heartbeat: () => watched.heartbeat() })
    this.#run(work, all).then(
      (answers) => hand(open.tool, members, answers),
      (thrown: unknown) => {
        for (const { settle } of members) settle.reject(thrown)
      },
    )
  }
}

/** B2. */
function hand({ name }: Tool, members: readonly Member[], answers: unknown): void {
  if (!Array.isArray(answers) || answers.length !== members.length) {
    const found = Array.isArray(answers) ? `${answers.length} answers` : 'no list'
    const error = new MeepoError('tool.failed', `a batch of ${name} gave ${found} for ${members.length} calls`)
    for (const { settle } of members) settle.reject(error)
    return
  }
  for (const [place, { settle }] of members.entries()) {
    const answer: unknown = answers[place]
    if (answer instanceof Error || MeepoError.is(answer)) settle.reject(answer)
    else settle.resolve(answer)
  }
}
