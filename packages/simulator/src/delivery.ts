import type { Exchange } from './exchange.ts'
import type { Fault } from './fault.ts'
import type { Outcome } from './journal/entry.ts'
import type { LatencyPlan } from './latency.ts'
import type { CompletionUsage } from './openai/completion.ts'
import { errorBody } from './openai/error-body.ts'
import type { Chunk } from './openai/render.ts'

/** Pieces without a wait between them are sent together, up to this size. */
const WRITE_SIZE = 65_536

/** The outcome so far. It grows while an answer is sent, so that an interruption at any point finds the right sum in it. */
export type Charge = { -readonly [Fact in keyof Outcome]: Outcome[Fact] }

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

/** An answer in chunks: what is sent, and what closes it. */
export interface ChunkedAnswer {
  readonly contentType: string
  readonly chunks: readonly Chunk[]
  /** Not sent when the answer is cut. */
  readonly tail: string
  readonly cut: Extract<Fault, { kind: 'cut' }> | undefined
}

/** The faults that send no answer. */
export type LostAnswer = Exclude<Fault, { kind: 'cut' | 'missing-done' }>

/** Plays the faults that send no answer at all. */
export async function sendNothing(fault: LostAnswer, { exchange, plan, charge, end }: Delivery): Promise<void> {
  if (fault.kind === 'hang') return exchange.untilLeft()
  if (!(await exchange.wait(plan.headersMs))) return undefined
  if (fault.kind !== 'refuse') {
    end()
    exchange.reset()
    return undefined
  }
  const { status, retryAfter } = fault
  const body = fault.body ?? errorBody(status, `The simulator refuses this request with status ${status}.`)
  const headers = retryAfter === undefined ? undefined : { 'retry-after': String(retryAfter) }
  charge.status = status
  end()
  exchange.sendJson(status, JSON.stringify(body), headers)
  return undefined
}

/** Sends the whole answer at once, after all the time that its stream would have taken. */
export async function sendWhole(text: string, { exchange, plan, charge, end }: Delivery): Promise<void> {
  if (!(await exchange.wait(plan.totalMs))) return
  charge.status = 200
  charge.firstChunkAt = Date.now()
  end()
  exchange.sendJson(200, text)
}

/** Sends chunk by chunk and charges the part of `usage.outputTokens` that its characters are of all. */
export async function sendChunks(
  answer: ChunkedAnswer,
  usage: CompletionUsage,
  { exchange, plan, charge, end }: Delivery,
): Promise<void> {
  const { response } = exchange
  const { cut } = answer
  if (!(await exchange.wait(plan.headersMs))) return
  charge.status = 200
  response.writeHead(200, { 'content-type': answer.contentType, 'cache-control': 'no-cache' })
  const chunks = cut === undefined ? answer.chunks : answer.chunks.slice(0, cut.afterChunks)
  const totalChars = answer.chunks.reduce((sum, chunk) => sum + chunk.chars, 0)
  let sentChars = 0
  let unsent = ''
  const chargeUnsent = (): void => {
    const share = totalChars === 0 ? 1 : sentChars / totalChars
    charge.outputTokens = Math.max(charge.outputTokens, Math.ceil(usage.outputTokens * share))
    charge.firstChunkAt ??= Date.now()
  }
  for (const [index, chunk] of chunks.entries()) {
    const waitMs = plan.chunksMs[index] ?? 0
    if (waitMs > 0 || unsent.length > WRITE_SIZE) {
      if (unsent === '') response.flushHeaders()
      else {
        chargeUnsent()
        if (!(await exchange.send(unsent))) return
        unsent = ''
      }
      if (!(await exchange.wait(waitMs))) return
    }
    unsent += chunk.wire
    sentChars += chunk.chars
  }
  if (unsent !== '') chargeUnsent()
  end()
  if (cut === undefined) response.end(unsent + answer.tail)
  else if (cut.by === 'end') response.end(unsent)
  else if (cut.by === 'fin') await exchange.finishWith(unsent)
  else await exchange.resetAfter(unsent)
}
