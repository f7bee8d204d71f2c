import type { Call } from './ask-script.ts'
import type { Charge } from './charge.ts'
import type { Admission } from './limiter/limiter.ts'
import { countInput } from './openai/completion.ts'
import { play } from './play.ts'
import { checkModel } from './refusal.ts'
import type { Visit } from './routes.ts'
import type { Picked } from './wire/pick-wire.ts'
import { isProblem } from './wire/wire.ts'
import type { Problem } from './wire/wire.ts'

/** How an entry of the journal is filled and closed. */
export interface Closing {
  readonly charge: Charge
  readonly end: () => void
  /** Sends the vendor's error and closes the entry. */
  readonly refuse: (problem: Problem) => void
}

/** Reads a request for a model, asks the limits, and plays the answer. */
export async function answerModel(
  visit: Visit,
  { wire, model }: Picked,
  number: number,
  key: string | undefined,
  { charge, end, refuse }: Closing,
): Promise<void> {
  const { house, provider, path, request, exchange, parsed, rawBody } = visit
  if (parsed === undefined) {
    return refuse({ status: 400, message: 'We could not parse the JSON body of your request.' })
  }
  const read = wire.read(parsed, model)
  if (isProblem(read)) return refuse(read)
  const unknown = checkModel(provider, read.chat.model)
  if (unknown !== undefined) return refuse(unknown)
  const call: Call = {
    number,
    provider,
    wire,
    path,
    key,
    headers: request.headers,
    chat: read.chat,
    stream: read.stream,
    wireBody: parsed,
    rawBody,
  }
  const admission = admit(call)
  if (admission !== undefined) {
    exchange.headers = wire.vendor.limitHeaders(admission.states, house.options.clock())
    if (!admission.isAdmitted) {
      charge.fault = 'limited'
      exchange.headers = { ...exchange.headers, ...wire.vendor.retryHeaders(admission.waitMs) }
      const { unit, limit, waitMs } = admission
      const message = `Rate limit reached for ${read.chat.model} on ${unit}: limit ${limit}.`
      return refuse({ status: 429, reason: 'rate-limit', message, retryInMs: waitMs })
    }
  }
  const settle = settleOnce(admission, charge)
  try {
    const settings = house.options
    return await play({
      settings,
      call,
      exchange,
      charge,
      end: () => {
        settle()
        end()
      },
    })
  } finally {
    settle()
  }
}

function admit({ provider, wire, key = '', chat }: Call): Admission | undefined {
  if (wire.isFree || !provider.limiter.hasLimits) return undefined
  const asked = chat.max_completion_tokens ?? chat.max_tokens ?? 0
  return provider.limiter.admit(key, chat.model, { inputTokens: countInput(chat), outputTokens: asked })
}

/** Gives back what was not used, before the client has its answer and could ask again. */
function settleOnce(admission: Admission | undefined, charge: Charge): () => void {
  let isSettled = admission?.isAdmitted !== true
  return () => {
    if (isSettled || admission?.isAdmitted !== true) return
    isSettled = true
    const { usage, billed, outputTokens } = charge
    const cachedInputTokens = billed ? (usage?.cachedInputTokens ?? 0) : 0
    const inputTokens = billed ? (usage?.inputTokens ?? 0) - cachedInputTokens : 0
    admission.settle({ inputTokens, outputTokens, cachedInputTokens })
  }
}
