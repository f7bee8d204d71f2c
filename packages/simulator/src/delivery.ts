import type { Charge } from './charge.ts'
import type { Exchange } from './exchange.ts'
import type { Fault, Refusal } from './fault.ts'
import type { LatencyPlan } from './latency.ts'
import type { Pieces } from './pieces.ts'
import type { Vendor } from './wire/wire.ts'

/** Pieces without a wait between them are sent together, up to this size. */
const WRITE_SIZE = 65_536

/**
 * One answer on its way to the client. `end` closes the journal entry and is called before the last byte leaves: a
 * client that has its answer finds it on the invoice. It is not called when the client leaves first.
 */
export interface Delivery {
  readonly exchange: Exchange
  readonly plan: LatencyPlan
  readonly charge: Charge
  readonly end: () => void
}

/** The faults that send no answer. */
export type LostAnswer = Extract<Fault, { kind: 'refuse' | 'hang' | 'reset' }>

/** Plays the faults that send no answer at all. */
export async function sendNothing(
  fault: LostAnswer,
  vendor: Vendor,
  { exchange, plan, charge, end }: Delivery,
): Promise<void> {
  if (fault.kind === 'hang') return exchange.untilLeft()
  if (!(await exchange.wait(plan.headersMs))) return undefined
  if (fault.kind === 'refuse') {
    charge.status = fault.status
    end()
    exchange.sendJson(fault.status, JSON.stringify(refusalBody(fault, vendor)), refusalHeaders(fault))
    return undefined
  }
  end()
  exchange.reset()
  return undefined
}

function refusalBody(fault: Refusal, vendor: Vendor): unknown {
  const { status, body, reason, retryBodyInMs: retryInMs } = fault
  const message = fault.message ?? `The simulator refuses this request with status ${status}.`
  return body ?? vendor.errorBody({ status, reason, message, retryInMs })
}

function refusalHeaders({ retryAfter, retryAfterMs, retryDateInMs }: Refusal): Record<string, string> {
  const date = retryDateInMs === undefined ? undefined : new Date(Date.now() + retryDateInMs).toUTCString()
  const seconds = retryAfter ?? date
  return {
    ...(seconds !== undefined && { 'retry-after': String(seconds) }),
    ...(retryAfterMs !== undefined && { 'retry-after-ms': String(retryAfterMs) }),
  }
}

/** Sends the whole answer at once, after all the time that its stream would have taken. */
export async function sendWhole(
  status: number,
  text: string,
  { exchange, plan, charge, end }: Delivery,
): Promise<void> {
  if (!(await exchange.wait(plan.totalMs))) return
  charge.status = status
  charge.firstChunkAt = Date.now()
  end()
  exchange.sendJson(status, text)
}

/** Sends chunk by chunk and charges the part of all output tokens that its characters are of all. */
export async function sendPieces(pieces: Pieces, status: number, delivery: Delivery): Promise<void> {
  const { exchange, plan, charge, end } = delivery
  if (!(await exchange.wait(plan.headersMs))) return
  charge.status = status
  exchange.begin(status, pieces.contentType)
  const outputTokens = charge.usage?.outputTokens ?? 0
  let sentChars = 0
  let unsent = pieces.opening
  const chargeUnsent = (): void => {
    const share = pieces.totalChars === 0 ? 1 : sentChars / pieces.totalChars
    charge.outputTokens = Math.max(charge.outputTokens, Math.ceil(outputTokens * share))
    charge.firstChunkAt ??= Date.now()
  }
  let hasChunk = false
  for (const [index, chunk] of pieces.chunks.entries()) {
    const waitMs = (plan.chunksMs[index] ?? 0) + (chunk.pauseMs ?? 0)
    if (waitMs > 0 || unsent.length > WRITE_SIZE) {
      if (unsent === '') exchange.response.flushHeaders()
      else {
        if (hasChunk) chargeUnsent()
        if (!(await send(exchange, unsent, pieces.isBytewise))) return
        unsent = ''
      }
      if (!(await exchange.wait(waitMs))) return
    }
    unsent += chunk.wire
    sentChars += chunk.chars
    hasChunk = true
  }
  if (unsent !== '' && hasChunk) chargeUnsent()
  await finish(pieces, unsent + pieces.tail, exchange, end)
}

async function finish(pieces: Pieces, rest: string, exchange: Exchange, end: () => void): Promise<void> {
  if (pieces.ending === 'hang') {
    exchange.response.flushHeaders()
    if (rest === '' || (await exchange.send(rest))) await exchange.untilLeft()
    return
  }
  if (pieces.isBytewise && !(await send(exchange, rest.slice(0, -1), true))) return
  const last = pieces.isBytewise ? rest.slice(-1) : rest
  end()
  if (pieces.ending === 'end') exchange.response.end(last)
  else if (pieces.ending === 'fin') await exchange.finishWith(last)
  else await exchange.resetAfter(last)
}

async function send(exchange: Exchange, text: string, isBytewise: boolean): Promise<boolean> {
  if (!isBytewise) return exchange.send(text)
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 1) {
    if (!(await exchange.send(bytes.subarray(at, at + 1)))) return false
  }
  return true
}
