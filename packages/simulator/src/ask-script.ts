import type { IncomingHttpHeaders } from 'node:http'

import { checkAnswer } from './check-answer.ts'
import type { Exchange } from './exchange.ts'
import { reasonOf, SimulatorError } from './failure.ts'
import type { ChatBody } from './openai/chat-request.ts'
import type { SimulatorAnswer, SimulatorScript } from './script.ts'

/** A request that has been read, checked and journalled. */
export interface ChatCall {
  readonly number: number
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: ChatBody
  readonly rawBody: string
}

/**
 * The script's answer, checked; the error that a script which throws or answers nonsense amounts to; `undefined` when the
 * client left while the script was thinking. Such an answer is dropped and nothing is charged for it.
 */
export async function askScript(
  script: SimulatorScript,
  call: ChatCall,
  exchange: Exchange,
): Promise<SimulatorAnswer | SimulatorError | undefined> {
  const { number, path, body } = call
  let answer: unknown
  try {
    answer = script({
      number,
      path,
      model: body.model,
      messages: body.messages,
      tools: body.tools ?? [],
      stream: body.stream === true,
      body,
      headers: visibleHeaders(call.headers),
    })
    if (answer instanceof Promise) answer = await Promise.race([answer, exchange.untilLeft()])
    return exchange.hasLeft ? undefined : checkAnswer(answer)
  } catch (cause) {
    if (cause instanceof SimulatorError) return cause
    const message = `the simulator's script threw on request ${number}: ${reasonOf(cause)}`
    return new SimulatorError('simulator.script_failed', message, { cause })
  }
}

function visibleHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const visible: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (typeof value !== 'string' || name === 'x-api-key') continue
    if (name === 'idempotency-key' || name.startsWith('x-')) visible[name] = value
  }
  return visible
}
