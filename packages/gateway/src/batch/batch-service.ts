import type { CallAccount, Message, ModelRequest } from '@meepo/core'

import { requestOf, type AskOptions } from '../serve/ask.ts'
import { checkAsk, demand } from '../serve/check-ask.ts'
import { Tab } from '../serve/tab.ts'
import type { BatchTarget } from './batch-target.ts'
import { cancelBatch, fetchBatch, pollBatch, submitBatch, type BatchTools } from './batches.ts'
import type { BatchProgress, BatchResults, BatchTicket } from './ticket.ts'

/** One request of a batch: what {@link AskOptions} says about one, without what belongs to the call. */
export type BatchAsk = Pick<AskOptions, 'prompt' | 'system' | 'tools' | 'settings'> & {
  readonly messages?: readonly Message[]
}

/** Requests that nobody waits for. */
export interface SubmitOptions {
  /** `provider:model` or an alias of one. */
  readonly model: string
  /** 1 to 50,000. */
  readonly requests: readonly BatchAsk[]
  /**
   * Who pays. Its reservations must outlive the process: use an account on the store, not that of a step. Absent: nobody is
   * charged, and the results say what it cost.
   */
  readonly account?: CallAccount
  readonly tenant?: string
  readonly signal?: AbortSignal
  /** Names the batch in the books: letters, digits, dash, underscore, at most 48; unique. Default: drawn. */
  readonly id?: string
}

/** What the other calls need to know besides the ticket. */
export interface TicketOptions {
  readonly account?: CallAccount
  readonly tenant?: string
  readonly signal?: AbortSignal
}

/**
 * The batch API of OpenAI, Anthropic and Google at half the price. A ticket is plain JSON, so that any process can go on with
 * it. Submitting twice is two batches.
 */
export interface Batches {
  submit(options: SubmitOptions): Promise<BatchTicket>
  poll(ticket: BatchTicket, options?: TicketOptions): Promise<BatchProgress>
  /** Of a batch that is no longer pending. */
  results(ticket: BatchTicket, options?: TicketOptions): Promise<BatchResults>
  cancel(ticket: BatchTicket, options?: TicketOptions): Promise<void>
}

/** What the service needs. */
export interface BatchServiceTools extends BatchTools {
  /** Throws `model.unknown_name`. */
  readonly targetOf: (name: string) => BatchTarget
  readonly newId: () => string
}

const MOST = 50_000

/** Makes the way to batches. */
export function createBatches(tools: BatchServiceTools): Batches {
  const { targetOf, newId } = tools
  return {
    async submit({ model, requests, account, tenant = 'default', signal, id = `b-${newId()}` }) {
      demand(typeof model === 'string' && model !== '', 'model', 'must name a model')
      demand(
        Array.isArray(requests) && requests.length >= 1 && requests.length <= MOST,
        'requests',
        `must be 1 to ${MOST}`,
      )
      demand(/^[\w-]{1,48}$/.test(id), 'id', 'must be 1 to 48 letters, digits, dashes and underscores')
      const tab = new Tab(account, tenant)
      const items = requests.map((ask, index) => ({
        id: `${id}-${index + 1}`,
        request: checked(model, ask, index),
        account: tab,
      }))
      return await submitBatch(tools, targetOf(model), items, signal)
    },
    poll: async (ticket, { signal } = {}) => await pollBatch(targetOf(ticket.target), ticket, signal),
    async results(ticket, { account, tenant = 'default', signal } = {}) {
      const tab = new Tab(account, tenant)
      const outcomes = await fetchBatch(tools, targetOf(ticket.target), ticket, () => tab, signal)
      return { outcomes, cost: tab.cost() }
    },
    cancel: async (ticket, { signal } = {}) => await cancelBatch(targetOf(ticket.target), ticket, signal),
  }
}

function checked(model: string, ask: BatchAsk, index: number): ModelRequest {
  try {
    checkAsk({ model, ...ask })
  } catch (error) {
    demand(false, `requests[${index}]`, error instanceof Error ? error.message : 'is wrong')
  }
  return requestOf({ model, ...ask })
}
