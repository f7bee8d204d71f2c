import type { Json, JsonObject } from '../base/json.ts'
import type { Message, ModelResponse, ToolCall } from '../model/model.ts'

/** What the model said, as the conversation keeps it. */
export function assistantMessage(response: ModelResponse, toolCalls: readonly ToolCall[]): Message {
  const { text, reasoning, carry } = response
  const said =
    toolCalls.length > 0 ? { role: 'assistant' as const, text, toolCalls } : { role: 'assistant' as const, text }
  // The rare fields by a spread, the common ones without: it costs more than the message.
  if (reasoning === undefined && carry === undefined) return said
  return {
    ...said,
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(carry === undefined ? {} : { carry: followed(carry, response.toolCalls, toolCalls) }),
  }
}

/** What hangs on a call goes with it when the call got another id. */
function followed(carry: JsonObject, from: readonly ToolCall[], to: readonly ToolCall[]): JsonObject {
  const { calls } = carry
  if (typeof calls !== 'object' || calls === null || Array.isArray(calls)) return carry
  if (from.every(({ id }, index) => to[index]?.id === id)) return carry
  const entries = Object.entries(calls as JsonObject).map(([id, hung = null]): [string, Json] => {
    const index = from.findIndex((call) => call.id === id)
    return [to[index]?.id ?? id, hung]
  })
  return { ...carry, calls: Object.fromEntries(entries) }
}

/** The form of ids that are given here: no call keeps an id of that form that came from elsewhere. */
const ownId = /^turn_\d+_\d+$/

/**
 * The calls with ids that no other call of the run has, and adds them to `taken`. Some servers count from zero in every
 * answer; results, approvals and children are found by id, so an old approval must not fit a new call. Once older calls
 * were `forgotten`, nobody knows their ids any more: all calls get ids of their turn.
 */
export function withUniqueIds(
  calls: readonly ToolCall[],
  taken: Set<string>,
  turn: number,
  isForgetful = false,
): ToolCall[] {
  if (calls.length === 0) return []
  return calls.map((call, index) => {
    let id = isForgetful || ownId.test(call.id) ? `turn_${turn}_${index}` : call.id
    while (id === '' || taken.has(id)) id = `${id}_${turn}`
    taken.add(id)
    return id === call.id ? call : { ...call, id }
  })
}

/** The ids of all tool calls so far. */
export function callIds(messages: readonly Message[]): Set<string> {
  const ids = new Set<string>()
  for (const message of messages) for (const { id } of callsOf(message)) ids.add(id)
  return ids
}

const none: readonly ToolCall[] = []

function callsOf(message: Message): readonly ToolCall[] {
  return message.role === 'assistant' ? (message.toolCalls ?? none) : none
}

/**
 * Checks what every model relies on: each tool call is answered exactly once, in the order of the calls, before
 * anything else is said. Returns what is wrong, one line each; none when the conversation is sound.
 */
export function validateConversation(messages: readonly Message[]): string[] {
  const problems: string[] = []
  const seen = new Set<string>()
  let open: ToolCall[] = []
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      const expected = open.shift()
      if (expected === undefined) problems.push(`message ${index}: a result nobody asked for (${message.callId})`)
      else if (expected.id !== message.callId || expected.name !== message.tool) {
        problems.push(`message ${index}: the result of ${message.callId} stands where ${expected.id} is due`)
      }
      continue
    }
    for (const call of open) problems.push(`message ${index}: ${call.id} has no result yet`)
    open = [...callsOf(message)]
    for (const call of open) {
      if (seen.has(call.id)) problems.push(`message ${index}: the id ${call.id} is used twice`)
      seen.add(call.id)
    }
  }
  for (const call of open) problems.push(`at the end: ${call.id} has no result`)
  return problems
}
