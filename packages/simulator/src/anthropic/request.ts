import { messagesProblem } from '../openai/chat-request.ts'
import type { ChatBody, ChatMessage, ChatTool, ChatToolCall } from '../openai/chat-request.ts'
import { isGiven, isRecord } from '../value.ts'
import type { Problem, ReadRequest } from '../wire/wire.ts'

type Block = Readonly<Record<string, unknown>>

/** Reads a body of `POST /v1/messages` as a conversation. */
export function readMessages(value: unknown): ReadRequest | Problem {
  const read = readPrompt(value)
  if ('status' in read) return read
  const limit = isRecord(value) ? value['max_tokens'] : undefined
  if (!Number.isSafeInteger(limit) || Number(limit) < 1) return wrong('max_tokens: Field required')
  return { chat: { ...read.chat, max_completion_tokens: Number(limit) }, stream: read.stream }
}

/** The same for `count_tokens`, which takes no limit. */
export function readPrompt(value: unknown): ReadRequest | Problem {
  if (!isRecord(value)) return wrong('The request body is not a JSON object.')
  const { model, system, messages: given, tools, stream, output_config: config, output_format: format } = value
  if (typeof model !== 'string' || model === '') return wrong('model: Field required')
  if (!Array.isArray(given) || given.length === 0) return wrong('messages: Field required')
  const messages: ChatMessage[] = []
  const systemText = textOf(system)
  if (systemText !== '') messages.push({ role: 'system', content: systemText })
  for (const [index, message] of (given as readonly unknown[]).entries()) {
    if (!isRecord(message)) return wrong(`messages.${index}: Input should be an object`)
    if (message['role'] === 'user') addUser(messages, message['content'])
    else if (message['role'] === 'assistant') addAssistant(messages, message['content'])
    else if (message['role'] === 'system') messages.push({ role: 'system', content: textOf(message['content']) })
    else return wrong(`messages.${index}.role: Input should be 'user' or 'assistant'`)
  }
  if (messagesProblem(messages) !== undefined) {
    return wrong('messages: each `tool_use` block must have a corresponding `tool_result` block in the next message')
  }
  const schema = isRecord(config) && isRecord(config['format']) ? config['format'] : format
  const chat: ChatBody = {
    ...value,
    model,
    messages,
    tools: readTools(tools),
    stream: stream === true,
    ...(isRecord(schema) && { response_format: { type: 'json_schema', json_schema: { schema: schema['schema'] } } }),
  }
  return { chat, stream: stream === true }
}

/** Results of tools come first: they are messages of their own there. */
function addUser(messages: ChatMessage[], content: unknown): void {
  const blocks = blocksOf(content)
  for (const block of blocks) {
    if (block['type'] !== 'tool_result') continue
    messages.push({ role: 'tool', tool_call_id: String(block['tool_use_id']), content: textOf(block['content']) })
  }
  if (blocks.every((block) => block['type'] === 'tool_result') && blocks.length > 0) return
  messages.push({ role: 'user', content: textOf(content) })
}

function addAssistant(messages: ChatMessage[], content: unknown): void {
  const calls = blocksOf(content).flatMap((block): ChatToolCall[] => {
    if (block['type'] !== 'tool_use') return []
    const called = { name: String(block['name']), arguments: JSON.stringify(block['input'] ?? {}) }
    return [{ id: String(block['id']), type: 'function', function: called }]
  })
  messages.push({ role: 'assistant', content: textOf(content), ...(calls.length > 0 && { tool_calls: calls }) })
}

function blocksOf(content: unknown): readonly Block[] {
  return Array.isArray(content) ? (content as readonly unknown[]).filter(isRecord) : []
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return blocksOf(content)
    .map((block) => (typeof block['text'] === 'string' ? block['text'] : ''))
    .join('')
}

function readTools(tools: unknown): ChatTool[] {
  return blocksOf(tools).flatMap((tool): ChatTool[] => {
    const { name, description, input_schema: parameters } = tool
    if (typeof name !== 'string' || !isGiven(parameters)) return []
    const declared = { name, ...(typeof description === 'string' && { description }), parameters }
    return [{ type: 'function', function: declared }]
  })
}

function wrong(message: string): Problem {
  return { status: 400, message }
}
