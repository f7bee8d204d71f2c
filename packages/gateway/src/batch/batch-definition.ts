import { hash } from 'node:crypto'

import {
  define,
  guardSchema,
  toErrorData,
  type Attempt,
  type CallAccount,
  type CallContext,
  type Definition,
  type ErrorData,
  type RunContext,
} from '@meepo/core'

import { requestOf } from '../serve/ask.ts'
import type { BatchAsk, Batches } from './batch-service.ts'
import type { BatchOutcome, BatchTicket } from './ticket.ts'

/** Input of a batch that runs by itself. */
export type BatchJob = {
  readonly model: string
  readonly requests: readonly BatchAsk[]
}

/** What became of one request, as the run returns it. */
export type BatchAnswer =
  | { readonly kind: 'answered'; readonly text: string }
  | { readonly kind: 'failed'; readonly error: ErrorData }

/** An account whose lines can be waited for. */
export interface BatchAccount extends CallAccount {
  /** Resolves when what was settled is durable. */
  flush?(): Promise<void>
}

/** How a batch runs by itself. */
export interface BatchDefinitionOptions {
  /** Default `batch`. */
  readonly name?: string
  readonly batches: Batches
  /**
   * Who pays, given on whose behalf it runs: an account on the store whose reservations are held longer than `longestMs`. That
   * of a step would let go of the money when the step ends.
   */
  readonly accountFor: (call: CallContext) => BatchAccount
  /** How long the run sleeps between two looks. Default 60,000. */
  readonly pollMs?: number
  /** After it the batch is cancelled, and what it did not answer is asked for the usual way. Default 86,400,000. */
  readonly longestMs?: number
}

const jobSchema = guardSchema(
  (value): value is BatchJob => typeof value === 'object' && value !== null && 'model' in value && 'requests' in value,
  'a model and requests',
  { type: 'object', required: ['model', 'requests'] },
)

/**
 * A definition that submits a batch, sleeps until it is done, and returns an answer for each request. It survives restarts:
 * the ticket is the result of a step. A submission whose outcome is lost in a crash is `step.unknown` and waits for a person,
 * because submitting again would be a second batch.
 */
export function batchDefinition(options: BatchDefinitionOptions): Definition<BatchJob, readonly BatchAnswer[]> {
  const { name = 'batch', batches, accountFor, pollMs = 60_000, longestMs = 86_400_000 } = options
  const paying = async <T>(attempt: Attempt, action: (account: CallAccount) => Promise<T>): Promise<T> => {
    const account = accountFor(attempt.call)
    try {
      return await action(account)
    } finally {
      await account.flush?.()
    }
  }
  const isOver = async (ctx: RunContext, ticket: BatchTicket): Promise<boolean> => {
    const { status } = await ctx.step('poll', { effect: 'read' }, ({ signal }) => batches.poll(ticket, { signal }))
    return status !== 'pending'
  }
  return define({
    name,
    input: jobSchema,
    async run(ctx, job) {
      const ticket = await ctx.step('submit', { effect: 'once', isPaid: true }, (attempt) =>
        paying(attempt, (account) => {
          const id = `b-${hash('sha256', attempt.idempotencyKey, 'hex').slice(0, 32)}`
          return batches.submit({ ...job, account, id, signal: attempt.signal })
        }),
      )
      let isCancelled = false
      while (!(await isOver(ctx, ticket))) {
        // A batch goes on for a while after it was cancelled, and what it answers by then is billed.
        if (isCancelled || ctx.now() < ticket.submittedAt + longestMs) {
          await ctx.sleep(pollMs)
          continue
        }
        await ctx.step('cancel', { effect: 'idempotent' }, ({ signal }) => batches.cancel(ticket, { signal }))
        isCancelled = true
      }
      const answers = await ctx.step('results', { effect: 'idempotent' }, (attempt) =>
        paying(attempt, async (account) => {
          const { outcomes } = await batches.results(ticket, { account, signal: attempt.signal })
          return outcomes.map(answerOf)
        }),
      )
      return await Promise.all(answers.map((answer, index) => finish(ctx, job, answer, index)))
    },
  })
}

function answerOf(outcome: BatchOutcome): BatchAnswer {
  return outcome.kind === 'answered'
    ? { kind: 'answered', text: outcome.response.text }
    : { kind: 'failed', error: toErrorData(outcome.error) }
}

/** What the provider did not get to is asked for the usual way; what it refused stays refused. */
async function finish(ctx: RunContext, job: BatchJob, answer: BatchAnswer, index: number): Promise<BatchAnswer> {
  const ask = job.requests[index]
  if (answer.kind === 'answered' || ask === undefined || !answer.error.retryable) return answer
  const request = requestOf({ model: job.model, ...ask })
  const options = { effect: 'idempotent', isPaid: true, announcesCalls: true } as const
  const { text } = await ctx.step(`ask ${index + 1}`, options, async (attempt) => {
    const { id, idempotencyKey, signal, account, earlierTries, call } = attempt
    return await call.models
      .resolve(job.model)
      .call(request, { signal, attemptId: id, idempotencyKey, account, earlierTries })
  })
  return { kind: 'answered', text }
}
