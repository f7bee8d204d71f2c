import type { IncomingHttpHeaders } from 'node:http'

import { checkAnswer } from './check-answer.ts'
import type { Exchange } from './exchange.ts'
import { reasonOf, SimulatorError } from './failure.ts'
import type { ChatBody } from './openai/chat-request.ts'
import type { Provider } from './provider.ts'
import type { SimulatorAnswer } from './script.ts'
import type { Wire } from './wire/wire.ts'

/** A request that has been read, checked and journalled. */
export interface Call {
  readonly number: number
  readonly provider: Provider
  readonly wire: Wire
  readonly path: string
  /** The name of the key. */
  readonly key: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly chat: ChatBody
  readonly stream: boolean
  readonly wireBody: unknown
  readonly rawBody: string
}

/**
 * The script's answer, checked; the error that a script which throws or answers nonsense amounts to; `undefined` when the
 * client left while the script was thinking. Such an answer is dropped and nothing is charged for it.
 */
export async function askScript(
  call: Call,
  exchange: Exchange | undefined,
): Promise<SimulatorAnswer | SimulatorError | undefined> {
  const { number, path, chat, wire, provider, key } = call
  let answer: unknown
  try {
    answer = provider.script({
      number,
      route: wire.route,
      provider: provider.name,
      path,
      model: chat.model,
      ...(key !== undefined && { key }),
      messages: chat.messages,
      tools: chat.tools ?? [],
      stream: call.stream,
      body: chat,
      wireBody: call.wireBody,
      headers: visibleHeaders(call.headers),
    })
    if (answer instanceof Promise) {
      answer = await (exchange === undefined ? answer : Promise.race([answer, exchange.untilLeft()]))
    }
    return exchange?.hasLeft === true ? undefined : checkAnswer(answer)
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
    if (typeof value !== 'string' || name === 'x-api-key' || name === 'x-goog-api-key') continue
    if (name === 'idempotency-key' || name.startsWith('x-')) visible[name] = value
  }
  return visible
}
