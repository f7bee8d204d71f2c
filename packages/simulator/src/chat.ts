import { splitText } from './chunks.ts'
import { askScript } from './ask-script.ts'
import type { ChatCall } from './ask-script.ts'
import { sendChunks, sendNothing, sendWhole } from './delivery.ts'
import type { Charge, ChunkedAnswer } from './delivery.ts'
import type { Exchange } from './exchange.ts'
import { SimulatorError } from './failure.ts'
import type { Fault } from './fault.ts'
import { planLatency } from './latency.ts'
import type { Latency } from './latency.ts'
import { completeAnswer } from './openai/completion.ts'
import type { Completion } from './openai/completion.ts'
import { errorBody } from './openai/error-body.ts'
import { DONE, renderCompletion, renderStream } from './openai/render.ts'
import type { CompletionHead } from './openai/render.ts'
import type { SimulatorScript } from './script.ts'

/** What every answer of one simulator shares. */
export interface ChatSettings {
  readonly script: SimulatorScript
  readonly seed: number
  readonly latency: Latency
  readonly chunkSize: number
}

/** Plays one chat completion: asks the script, then sends what it answered the way it asked for. */
export async function playChat(
  settings: ChatSettings,
  call: ChatCall,
  exchange: Exchange,
  charge: Charge,
  end: () => void,
): Promise<void> {
  const answer = await askScript(settings.script, call, exchange)
  if (answer === undefined) return
  if (answer instanceof SimulatorError) {
    charge.fault = answer.code
    charge.status = 500
    end()
    exchange.sendJson(500, JSON.stringify(errorBody(500, answer.message, { code: answer.code })))
    return
  }
  const { fault } = answer
  if (fault !== undefined) charge.fault = fault.kind
  const completion = completeAnswer(call.body, call.rawBody, answer)
  const { usage } = completion
  const head: CompletionHead = {
    id: `chatcmpl-${settings.seed}-${call.number}`,
    created: Math.floor(Date.now() / 1000),
    model: call.body.model,
  }
  const isStream = call.body.stream === true
  const includeUsage = call.body.stream_options?.include_usage === true
  const stream = (): ReturnType<typeof renderStream> => renderStream(head, completion, settings.chunkSize, includeUsage)
  const streamed = isStream ? stream() : undefined
  const plan = planLatency(
    answer.latency ?? settings.latency,
    settings.seed,
    call.number,
    () => (streamed ?? stream()).chunks.length,
  )
  const delivery = { exchange, plan, charge, end }

  if (fault?.kind === 'refuse' || fault?.kind === 'hang' || fault?.kind === 'reset') {
    if (fault.kind !== 'refuse' && fault.billed === true) bill(charge, completion, usage.outputTokens)
    return sendNothing(fault, delivery)
  }
  if (streamed !== undefined) {
    bill(charge, completion, 0)
    const done = fault?.kind === 'missing-done' ? '' : DONE
    const contentType = 'text/event-stream; charset=utf-8'
    return sendChunks(
      { chunks: streamed.chunks, tail: streamed.tail + done, contentType, cut: cutOf(fault) },
      usage,
      delivery,
    )
  }
  bill(charge, completion, usage.outputTokens)
  const whole = renderCompletion(head, completion)
  if (fault?.kind !== 'cut') return sendWhole(whole, delivery)
  return sendChunks(cutWhole(whole, settings.chunkSize, fault), usage, delivery)
}

function cutOf(fault: Fault | undefined): ChunkedAnswer['cut'] {
  return fault?.kind === 'cut' ? fault : undefined
}

function cutWhole(whole: string, chunkSize: number, cut: ChunkedAnswer['cut']): ChunkedAnswer {
  const chunks = splitText(whole, chunkSize).map((wire) => ({ wire, chars: 0 }))
  return { chunks, tail: '', contentType: 'application/json', cut }
}

function bill(charge: Charge, { usage }: Completion, outputTokens: number): void {
  charge.billed = true
  charge.inputTokens = usage.inputTokens
  charge.outputTokens = outputTokens
}
