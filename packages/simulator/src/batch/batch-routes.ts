import type { Charge } from '../charge.ts'
import type { Visit } from '../routes.ts'
import { anthropicBatches } from '../anthropic/batches.ts'
import { geminiBatches } from '../gemini/batches.ts'
import { openaiBatches } from '../openai/batches.ts'

/** What a batch API answers. */
export interface BatchReply {
  readonly status: number
  /** JSON, or text as it stands. */
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers what belongs to a batch API; false when the path does not. */
export async function answerBatches(visit: Visit, charge?: Charge, end?: () => void): Promise<boolean> {
  const reply = (await openaiBatches(visit)) ?? (await anthropicBatches(visit)) ?? (await geminiBatches(visit))
  if (reply === undefined) return false
  if (charge !== undefined) charge.status = reply.status
  end?.()
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body)
  visit.exchange.sendJson(reply.status, text, reply.headers)
  return true
}
