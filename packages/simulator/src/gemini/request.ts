import { messagesProblem } from '../openai/chat-request.ts'
import type { ChatBody, ChatMessage, ChatTool, ChatToolCall } from '../openai/chat-request.ts'
import { isGiven, isRecord } from '../value.ts'
import type { Problem, ReadRequest } from '../wire/wire.ts'

type Part = Readonly<Record<string, unknown>>

/** Reads a body of `generateContent` as a conversation. The model stands in the path. */
export function readContents(value: unknown, model = ''): ReadRequest | Problem {
  if (!isRecord(value)) return wrong('Invalid JSON payload received.')
  const { contents, systemInstruction, tools, generationConfig: config, serviceTier } = value
  if (!Array.isArray(contents) || contents.length === 0) return wrong('* contents: contents is not specified')
  const messages: ChatMessage[] = []
  const system = textOf(partsOf(systemInstruction))
  if (system !== '') messages.push({ role: 'system', content: system })
  const open: ChatToolCall[] = []
  for (const content of contents as readonly unknown[]) addContent(messages, open, content)
  if (messagesProblem(messages) !== undefined) {
    return wrong(
      'Please ensure that the number of function response parts is equal to the number of function call parts of the ' +
        'function call turn.',
    )
  }
  const settings = isRecord(config) ? config : {}
  const limit = settings['maxOutputTokens']
  if (isGiven(limit) && !(Number.isSafeInteger(limit) && Number(limit) >= 1)) {
    return wrong('* generation_config.max_output_tokens: must be positive')
  }
  const schema = settings['responseJsonSchema'] ?? settings['responseSchema']
  const chat: ChatBody = {
    ...value,
    model,
    messages,
    tools: readTools(tools),
    ...(isGiven(limit) && { max_completion_tokens: Number(limit) }),
    ...(typeof serviceTier === 'string' && { service_tier: serviceTier }),
    ...(isGiven(schema) && { response_format: { type: 'json_schema', json_schema: { schema } } }),
  }
  return { chat, stream: false }
}

function addContent(messages: ChatMessage[], open: ChatToolCall[], content: unknown): void {
  const parts = partsOf(content)
  const text = textOf(parts)
  if (isRecord(content) && content['role'] === 'model') {
    const calls = parts.flatMap((part, index) => callOf(part, messages.length, index))
    open.push(...calls)
    messages.push({ role: 'assistant', content: text, ...(calls.length > 0 && { tool_calls: calls }) })
    return
  }
  const results = parts.flatMap((part) => (isRecord(part['functionResponse']) ? [part['functionResponse']] : []))
  for (const { id, name, response } of results) {
    // Calls have no id there unless the client gave one: a result belongs to the oldest open call of its name.
    const at = open.findIndex((call) => (isGiven(id) ? call.id === id : call.function.name === name))
    const [call] = at === -1 ? [] : open.splice(at, 1)
    messages.push({ role: 'tool', tool_call_id: call?.id ?? 'none', content: JSON.stringify(response ?? {}) })
  }
  if (results.length === 0 || text !== '') messages.push({ role: 'user', content: text })
}

function callOf(part: Part, turn: number, index: number): ChatToolCall[] {
  const called = part['functionCall']
  if (!isRecord(called)) return []
  const { id, name, args } = called
  return [
    {
      id: typeof id === 'string' ? id : `turn-${turn}-${index}`,
      type: 'function',
      function: { name: String(name), arguments: JSON.stringify(args ?? {}) },
    },
  ]
}

function partsOf(content: unknown): readonly Part[] {
  const parts = isRecord(content) ? content['parts'] : undefined
  return Array.isArray(parts) ? (parts as readonly unknown[]).filter(isRecord) : []
}

/** What was said; thoughts that come back are not counted. */
function textOf(parts: readonly Part[]): string {
  return parts
    .map((part) => (typeof part['text'] === 'string' && part['thought'] !== true ? part['text'] : ''))
    .join('')
}

function readTools(tools: unknown): ChatTool[] {
  const list = Array.isArray(tools) ? (tools as readonly unknown[]) : [tools]
  return list.flatMap((tool): ChatTool[] => {
    const declared = isRecord(tool) ? tool['functionDeclarations'] : undefined
    if (!Array.isArray(declared)) return []
    return (declared as readonly unknown[]).filter(isRecord).map((item) => {
      const { name, description } = item
      const parameters = item['parametersJsonSchema'] ?? item['parameters']
      return {
        type: 'function',
        function: { name: String(name), ...(typeof description === 'string' && { description }), parameters },
      }
    })
  })
}

function wrong(message: string): Problem {
  return { status: 400, message }
}
