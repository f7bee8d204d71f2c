import type { CallEntry } from '../base/call-entry.ts'
import { MeepoError } from '../base/errors.ts'
import { noUsage } from '../base/usage.ts'
import type { CallAccount, CallIntent } from '../model/account.ts'
import type { Model, ModelCall, ModelResponse } from '../model/model.ts'

/** What a test may set of a model that keeps books. */
export interface BookingModelOptions {
  /** What each call is to cost at most, in pico-dollars; null without a price. 100 unless said. */
  readonly wants?: bigint | null
  /** What each call costs in the end. 60 unless said. */
  readonly costs?: bigint
  /** Awaited between announcing and booking; may reject. */
  readonly send?: (call: ModelCall, intent: CallIntent) => Promise<void>
  /** The answer. `done` unless said. */
  readonly answer?: (call: ModelCall) => Partial<ModelResponse>
}

/** A model that announces and books its calls like a gateway, without one. */
export interface BookingModel extends Model {
  /** Ids of calls that were sent. */
  readonly sent: readonly string[]
}

/** Makes a model that announces and books its calls. */
export function createBookingModel(options: BookingModelOptions = {}): BookingModel {
  const { wants = 100n, costs = 60n, send, answer } = options
  const sent: string[] = []
  return {
    id: 'booking:model',
    keepsBooks: true,
    sent,
    call: async (_request, call) => {
      const { account } = call
      if (!account) throw new MeepoError('model.rejected', 'nobody pays')
      const intent: CallIntent = {
        id: `${call.attemptId}.1`,
        target: 'booking:model',
        try: (call.earlierTries ?? 0) + 1,
        picoDollars: wants,
        atLeast: wants ?? 0n,
      }
      const grant = await account.open(intent)
      if (grant.kind === 'refused') {
        const { kind: _kind, ...details } = grant
        account.settle(intent.id, entryOf(intent, 'refused', 0n))
        throw new MeepoError('budget.exceeded', `the budget ${grant.budget} is spent`, { notSent: true, details })
      }
      sent.push(intent.id)
      await sendAndBook(account, intent, wants === null ? null : costs, send && (() => send(call, intent)))
      const usage = { ...noUsage, input: 10, output: 5, calls: 1 }
      return { text: 'done', toolCalls: [], finish: 'stop', usage, model: 'model', ...answer?.(call) }
    },
  }
}

async function sendAndBook(
  account: CallAccount,
  intent: CallIntent,
  costs: bigint | null,
  send: (() => Promise<void>) | undefined,
): Promise<void> {
  try {
    await send?.()
  } catch (thrown) {
    account.settle(intent.id, entryOf(intent, 'failed', 0n))
    throw thrown
  }
  account.settle(intent.id, entryOf(intent, 'ok', costs))
}

function entryOf({ target, try: count }: CallIntent, outcome: CallEntry['outcome'], spent: bigint | null): CallEntry {
  const cost = spent === null ? ({ status: 'unpriced', picoDollars: null } as const) : priced(spent)
  return { target, outcome, cost, usage: noUsage, startedAt: 0, durationMs: 0, try: count }
}

function priced(spent: bigint): CallEntry['cost'] {
  return { status: spent === 0n ? 'zero' : 'settled', picoDollars: String(spent) }
}
