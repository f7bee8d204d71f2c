import type { Problem, ReadRequest } from '../wire/wire.ts'
import { isGiven, isRecord } from '../value.ts'
import { messagesProblem } from './chat-request.ts'
import type { ChatBody, ChatMessage, ChatTool, ChatToolCall } from './chat-request.ts'

/** Reads a body of `POST /v1/responses` as a conversation. */
export function readResponses(value: unknown): ReadRequest | Problem {
  if (!isRecord(value)) return wrong(null, 'The request body is not a JSON object.')
  const { model, input, instructions, tools, text, max_output_tokens: limit, stream } = value
  if (typeof model !== 'string' || model === '') return wrong('model', "Missing required parameter: 'model'.")
  if (typeof input !== 'string' && !Array.isArray(input)) {
    return wrong('input', "Missing required parameter: 'input'.")
  }
  if (isGiven(limit) && !(Number.isSafeInteger(limit) && Number(limit) >= 1)) {
    return wrong('max_output_tokens', "Invalid 'max_output_tokens': expected an integer of at least 1.")
  }
  const messages: ChatMessage[] = []
  if (typeof instructions === 'string') messages.push({ role: 'system', content: instructions })
  if (typeof input === 'string') messages.push({ role: 'user', content: input })
  else for (const item of input as readonly unknown[]) addItem(messages, item)
  const problem = messagesProblem(messages)
  if (problem !== undefined) return wrong(`input: ${problem.param ?? ''}`, problem.message)
  const format = isRecord(text) ? text['format'] : undefined
  const chat: ChatBody = {
    ...value,
    model,
    messages,
    tools: readTools(tools),
    stream: stream === true,
    ...(isGiven(limit) && { max_completion_tokens: Number(limit) }),
    ...(isRecord(format) && format['type'] === 'json_schema' && { response_format: schemaFormat(format) }),
  }
  return { chat, stream: stream === true }
}

function addItem(messages: ChatMessage[], item: unknown): void {
  if (!isRecord(item)) return
  const { type = 'message', role, content, call_id: callId, name, arguments: given, output } = item
  if (type === 'function_call') {
    const call: ChatToolCall = {
      id: String(callId),
      type: 'function',
      function: { name: String(name), arguments: typeof given === 'string' ? given : '{}' },
    }
    const last = messages.at(-1)
    // Calls of one turn are items of their own here, and one message there.
    if (last?.role === 'assistant') messages[messages.length - 1] = { ...last, tool_calls: [...callsOf(last), call] }
    else messages.push({ role: 'assistant', content: null, tool_calls: [call] })
  } else if (type === 'function_call_output') {
    messages.push({ role: 'tool', tool_call_id: String(callId), content: textOf(output) })
  } else if (type === 'message' && isRole(role)) {
    messages.push({ role, content: textOf(content) })
  }
}

function callsOf(message: ChatMessage): readonly ChatToolCall[] {
  return message.tool_calls ?? []
}

function isRole(role: unknown): role is 'system' | 'developer' | 'user' | 'assistant' {
  return role === 'system' || role === 'developer' || role === 'user' || role === 'assistant'
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return isGiven(content) ? JSON.stringify(content) : ''
  return (content as readonly unknown[])
    .map((part) => (isRecord(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    .join('')
}

function readTools(tools: unknown): ChatTool[] {
  if (!Array.isArray(tools)) return []
  return (tools as readonly unknown[]).flatMap((tool) => {
    if (!isRecord(tool) || tool['type'] !== 'function' || typeof tool['name'] !== 'string') return []
    const { name, description, parameters } = tool
    const declared = { name, ...(typeof description === 'string' && { description }), parameters }
    return [{ type: 'function' as const, function: declared }]
  })
}

function schemaFormat({ name, schema, strict }: Readonly<Record<string, unknown>>): {
  readonly type: string
  readonly json_schema: unknown
} {
  return { type: 'json_schema', json_schema: { name, schema, strict } }
}

function wrong(param: string | null, message: string): Problem {
  return { status: 400, message, param }
}
