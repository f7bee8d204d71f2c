import type { Problem, ReadRequest } from '../wire/wire.ts'
import { isGiven, isRecord } from '../value.ts'

/** A part of a message's content; only `text` parts are read, others are journalled. */
export interface ChatPart {
  readonly type: string
  readonly text?: string
}

/** A tool call as it comes back in the conversation. */
export interface ChatToolCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

/** One message of the conversation, in the vendor's shape. */
export interface ChatMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool'
  readonly content?: string | readonly ChatPart[] | null
  readonly name?: string
  readonly tool_calls?: readonly ChatToolCall[] | null
  readonly tool_call_id?: string
}

/** A tool the model may call. */
export interface ChatTool {
  readonly type: 'function'
  readonly function: {
    readonly name: string
    readonly description?: string
    readonly parameters?: unknown
  }
}

/** The body of `POST /v1/chat/completions` after checking. Fields without meaning here are kept as they came. */
export interface ChatBody {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly tools?: readonly ChatTool[] | null
  readonly stream?: boolean | null
  readonly stream_options?: { readonly include_usage?: boolean } | null
  readonly max_tokens?: number | null
  readonly max_completion_tokens?: number | null
  readonly response_format?: { readonly type: string; readonly json_schema?: unknown } | null
  readonly [field: string]: unknown
}

/** The text of a message, its parts joined; empty for a message that carries tool calls only. */
export function messageText(message: ChatMessage): string {
  const { content } = message
  if (typeof content === 'string') return content
  return !isGiven(content) ? '' : content.map((part) => part.text ?? '').join('')
}

const ROLES: readonly unknown[] = ['system', 'developer', 'user', 'assistant', 'tool']

/** The request if the vendor would accept its body, else what it answers with status 400. */
export function readChat(value: unknown): ReadRequest | Problem {
  const problem = isRecord(value)
    ? bodyProblem(value)
    : { param: null, message: 'The request body is not a JSON object.' }
  if (problem !== undefined) return { status: 400, ...problem }
  // bodyProblem looked at every field that ChatBody promises.
  const chat = value as ChatBody
  return { chat, stream: chat.stream === true }
}

/** What is wrong with a body. */
export interface BodyProblem {
  readonly param: string | null
  readonly message: string
}

function bodyProblem(body: Readonly<Record<string, unknown>>): BodyProblem | undefined {
  if (typeof body['model'] !== 'string' || body['model'] === '') {
    return { param: 'model', message: 'You must provide a model parameter.' }
  }
  if (isGiven(body['stream']) && typeof body['stream'] !== 'boolean') return wrong('stream', 'a boolean')
  if (isGiven(body['stream_options'])) {
    if (body['stream'] !== true) {
      return { param: 'stream_options', message: "'stream_options' is only allowed when 'stream' is true." }
    }
    if (!isRecord(body['stream_options'])) return wrong('stream_options', 'an object')
  }
  for (const limit of ['max_tokens', 'max_completion_tokens']) {
    const given = body[limit]
    if (isGiven(given) && !(Number.isSafeInteger(given) && Number(given) >= 1)) {
      return wrong(limit, 'an integer of at least 1')
    }
  }
  const format = body['response_format']
  if (isGiven(format) && !(isRecord(format) && typeof format['type'] === 'string')) {
    return wrong('response_format', 'an object with a type')
  }
  return toolsProblem(body['tools']) ?? messagesProblem(body['messages'])
}

function toolsProblem(tools: unknown): BodyProblem | undefined {
  if (!isGiven(tools)) return undefined
  if (!Array.isArray(tools)) return wrong('tools', 'an array')
  for (const [index, tool] of (tools as readonly unknown[]).entries()) {
    const declared = isRecord(tool) && tool['type'] === 'function' ? tool['function'] : undefined
    if (!isRecord(declared) || typeof declared['name'] !== 'string' || declared['name'] === '') {
      return wrong(`tools[${index}]`, 'a function with a name')
    }
  }
  return undefined
}

/** Shapes first, then the rule that providers enforce: every tool call is answered before anything else is said. */
export function messagesProblem(messages: unknown): BodyProblem | undefined {
  if (!Array.isArray(messages) || messages.length === 0) return wrong('messages', 'a non-empty array')
  let open = new Set<string>()
  for (const [index, message] of (messages as readonly unknown[]).entries()) {
    const at = `messages[${index}]`
    if (!isRecord(message) || !ROLES.includes(message['role'])) {
      return wrong(`${at}.role`, `one of ${ROLES.join(', ')}`)
    }
    const { role, content } = message
    if (isGiven(content) && typeof content !== 'string' && !isPartList(content)) {
      return wrong(`${at}.content`, 'a string or an array of parts')
    }
    if (role === 'tool') {
      if (!open.delete(String(message['tool_call_id']))) {
        return {
          param: `${at}.role`,
          message:
            "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
        }
      }
      continue
    }
    if (open.size > 0) return unanswered(at, open)
    if (!isGiven(content) && (role !== 'assistant' || !isGiven(message['tool_calls']))) {
      return wrong(`${at}.content`, 'a string or an array of parts')
    }
    if (!isGiven(message['tool_calls'])) continue
    const ids = callIds(message['tool_calls'])
    if (ids === undefined) return wrong(`${at}.tool_calls`, 'an array of function calls, each with an id of its own')
    open = ids
  }
  return open.size > 0 ? unanswered(`messages[${messages.length - 1}]`, open) : undefined
}

function callIds(calls: unknown): Set<string> | undefined {
  if (!Array.isArray(calls)) return undefined
  const ids = new Set<string>()
  for (const call of calls as readonly unknown[]) {
    const called = isRecord(call) ? call['function'] : undefined
    if (!isRecord(call) || typeof call['id'] !== 'string' || ids.has(call['id'])) return undefined
    if (!isRecord(called) || typeof called['name'] !== 'string') return undefined
    if (typeof called['arguments'] !== 'string') return undefined
    ids.add(call['id'])
  }
  return ids
}

function isPartList(content: unknown): boolean {
  return (
    Array.isArray(content) &&
    content.every((part) => isRecord(part) && (part['text'] === undefined || typeof part['text'] === 'string'))
  )
}

function unanswered(param: string, ids: ReadonlySet<string>): BodyProblem {
  return {
    param,
    message:
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      `The following tool_call_ids did not have response messages: ${[...ids].join(', ')}`,
  }
}

function wrong(param: string, expected: string): BodyProblem {
  return { param, message: `Invalid value for '${param}': expected ${expected}.` }
}
