import type { Call } from './ask-script.ts'
import type { Charge } from './charge.ts'
import { completeAnswer, NO_USAGE } from './openai/completion.ts'
import type { Completion } from './openai/completion.ts'
import type { SimulatorAnswer } from './script.ts'
import type { AnswerHead } from './wire/wire.ts'

/** An answer, ready to be written in its format. */
export interface Prepared {
  readonly head: AnswerHead
  readonly completion: Completion
}

/** What every answer of one simulator shares. */
export interface AnswerSettings {
  readonly seed: number
  readonly chunkSize: number
}

/** Completes what a script answered, and tells the charge whom and what it is for. */
export function prepareAnswer(seed: number, call: Call, answer: SimulatorAnswer, charge: Charge): Prepared {
  const { wire, chat } = call
  const said: SimulatorAnswer = wire.generates ? answer : { usage: { outputTokens: 0, ...answer.usage } }
  const completion = completeAnswer(chat, call.rawBody, said, wire.vendor.callIdPrefix)
  const tier = answer.serviceTier ?? askedTier(chat['service_tier'])
  const { fault } = answer
  const told = fault?.kind === 'zero-usage' ? NO_USAGE : completion.usage
  charge.usage = completion.usage
  charge.model = answer.modelName ?? chat.model
  charge.serviceTier = tier ?? wire.vendor.standardTier
  const head: AnswerHead = {
    id: `${wire.idPrefix}${seed}-${call.number}`,
    created: Math.floor(Date.now() / 1000),
    model: answer.modelName ?? chat.model,
    serviceTier: tier,
    usage: fault?.kind === 'missing-usage' ? undefined : (answer.wireUsage ?? wire.usage(told, tier)),
  }
  return { head, completion }
}

/** Whoever asks for `auto` leaves the choice to the provider. */
function askedTier(asked: unknown): string | undefined {
  return typeof asked === 'string' && asked !== 'auto' && asked !== 'standard_only' ? asked : undefined
}
