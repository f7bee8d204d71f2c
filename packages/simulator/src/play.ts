import { askScript } from './ask-script.ts'
import type { Call } from './ask-script.ts'
import type { Charge } from './charge.ts'
import { sendNothing, sendPieces, sendWhole } from './delivery.ts'
import type { Delivery } from './delivery.ts'
import type { Exchange } from './exchange.ts'
import { SimulatorError } from './failure.ts'
import type { Fault } from './fault.ts'
import { planLatency } from './latency.ts'
import { streamPieces, textPieces } from './pieces.ts'
import { prepareAnswer } from './prepare.ts'
import type { AnswerSettings, Prepared } from './prepare.ts'
import type { SimulatorAnswer } from './script.ts'

/** One request on its way through. */
export interface Play {
  readonly settings: AnswerSettings
  readonly call: Call
  readonly exchange: Exchange
  readonly charge: Charge
  readonly end: () => void
}

/** Plays one request: asks the script, then sends what it answered the way it asked for. */
export async function play(request: Play): Promise<void> {
  const { settings, call, exchange, charge, end } = request
  const answer = await askScript(call, exchange)
  if (answer === undefined) return undefined
  const { vendor } = call.wire
  if (answer instanceof SimulatorError) {
    charge.fault = answer.code
    charge.status = 500
    end()
    const problem = { status: 500, message: answer.message, code: answer.code }
    exchange.sendJson(500, JSON.stringify(vendor.errorBody(problem)))
    return undefined
  }
  const { fault } = answer
  if (fault !== undefined) charge.fault = fault.kind
  if (answer.headers !== undefined) exchange.headers = { ...exchange.headers, ...answer.headers }
  const prepared = prepareAnswer(settings.seed, call, answer, charge)
  if (fault?.kind === 'refuse' || fault?.kind === 'hang' || fault?.kind === 'reset') {
    if (fault.kind !== 'refuse' && fault.billed === true) bill(request, 'all')
    return sendNothing(
      fault,
      vendor,
      deliveryOf(request, answer, () => chunkCount(call, prepared, settings)),
    )
  }
  if (answer.body !== undefined || answer.chunks !== undefined) return sendVerbatim(request, answer)
  return sendAnswer(request, answer, prepared)
}

async function sendAnswer(request: Play, answer: SimulatorAnswer, prepared: Prepared): Promise<void> {
  const { settings, call } = request
  const { wire, chat } = call
  const { fault } = answer
  const { head, completion } = prepared
  if (call.stream) {
    const stream = wire.stream(head, completion, settings.chunkSize, chat)
    // An error in place of the first chunk is an answer that the model never gave.
    if (fault?.kind !== 'error-event' || fault.afterChunks > 0) bill(request, 'input')
    const delivery = deliveryOf(request, answer, () => stream.chunks.length)
    return sendPieces(streamPieces(stream, fault, wire.vendor), 200, delivery)
  }
  const text = wire.render(head, completion, chat)
  if (fault?.kind !== 'error-event') bill(request, 'all')
  // The time of a whole answer is that of its stream.
  const delivery = deliveryOf(request, answer, () => chunkCount(call, prepared, settings))
  if (!breaksText(fault)) return sendWhole(200, text, delivery)
  return sendPieces(textPieces(text, settings.chunkSize, fault, wire.vendor), 200, delivery)
}

function breaksText(fault: Fault | undefined): fault is Fault {
  return fault !== undefined && !['missing-done', 'missing-usage', 'zero-usage', 'duplicate-chunk'].includes(fault.kind)
}

/** Sends what the script wrote itself. */
async function sendVerbatim(request: Play, answer: SimulatorAnswer): Promise<void> {
  const { body, chunks, status = 200 } = answer
  if (status < 400) bill(request, 'all')
  if (chunks === undefined) {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return sendWhole(
      status,
      text,
      deliveryOf(request, answer, () => 1),
    )
  }
  const delivery = deliveryOf(request, answer, () => chunks.length)
  const rendered = { opening: '', chunks: chunks.map((wire) => ({ wire, chars: 0 })), tail: '', done: '' }
  return sendPieces(streamPieces(rendered, answer.fault, request.call.wire.vendor), status, delivery)
}

/** The input is owed as soon as the model answers; the output with it, or as it is delivered. */
function bill({ call, charge }: Play, what: 'input' | 'all'): void {
  if (call.wire.isFree) return
  charge.billed = true
  charge.outputTokens = what === 'all' ? (charge.usage?.outputTokens ?? 0) : 0
}

function chunkCount({ wire, chat }: Call, { head, completion }: Prepared, { chunkSize }: AnswerSettings): number {
  return wire.generates ? wire.stream(head, completion, chunkSize, chat).chunks.length : 1
}

function deliveryOf(request: Play, answer: SimulatorAnswer, count: () => number): Delivery {
  const { settings, call, exchange, charge, end } = request
  const plan = planLatency(answer.latency ?? call.provider.latency, settings.seed, call.number, count)
  return { exchange, plan, charge, end }
}
