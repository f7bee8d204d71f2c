// What the scripted models of the examples have in common. Like a model they know the request and nothing else: no file, no
// clock, no chance. Each answers from its instructions, the task it was given and what its tools have said.

/** The part of a chat request that a script reads. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[]
}

/** A message of the conversation as it stands in the request. */
export interface ChatMessage {
  readonly role: string
  readonly content?: unknown
  readonly tool_calls?:
    | null
    | readonly { readonly id: string; readonly function: { readonly name: string; readonly arguments: string } }[]
  readonly tool_call_id?: string
}

/** A tool that the script asks for. */
export interface ToolCall {
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** What the model says: a text, or calls of tools. */
export interface Answer {
  readonly text?: string
  readonly toolCalls?: readonly ToolCall[]
}

/** The conversation, read. */
export interface Conversation {
  /** The first user message; an object when it is JSON. */
  readonly task: unknown
  readonly calls: readonly Called[]
}

/** A call of a tool and what came of it; undefined while it has no result. */
export interface Called {
  readonly name: string
  readonly args: unknown
  readonly result: unknown
}

/** How a role answers: from the conversation so far to the next message. */
export type Role = (talk: Conversation) => Answer

/** A JSON object of unknown make. */
export type Row = Readonly<Record<string, unknown>>

/** Makes a model of roles: the instructions name the role in a line `Role: NAME`. */
export function scriptOf(roles: Readonly<Record<string, Role>>): (request: ChatRequest) => Answer {
  return ({ messages }) => {
    const instructions = messages.find(({ role }) => role === 'system' || role === 'developer')
    const name = /^Role: ([\w-]+)/m.exec(contentOf(instructions))?.[1] ?? ''
    const role = Object.hasOwn(roles, name) ? roles[name] : undefined
    return role?.(readConversation(messages)) ?? { text: `The offline scripted model knows no role "${name}".` }
  }
}

/** Asks for tools. */
export function ask(...toolCalls: readonly ToolCall[]): Answer {
  return { toolCalls }
}

/** One call of a tool. */
export function call(name: string, args: Row = {}): ToolCall {
  return { name, arguments: args }
}

/** The final answer, as JSON. */
export function answer(value: unknown): Answer {
  return { text: JSON.stringify(value) }
}

/** All calls of one tool, in their order. */
export function callsOf(talk: Conversation, tool: string): readonly Called[] {
  return talk.calls.filter(({ name }) => name === tool)
}

/** The value as an object; an empty one when it is none. */
export function asRow(value: unknown): Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}

/** The value as a list of objects; an empty one when it is none. */
export function asRows(value: unknown): readonly Row[] {
  return Array.isArray(value) ? value.map(asRow) : []
}

/** The text in a field, or an empty one. */
export function text(row: Row, key: string): string {
  const value = row[key]
  return typeof value === 'string' ? value : ''
}

/** The number in a field, or NaN, with which no comparison holds. */
export function number(row: Row, key: string): number {
  const value = row[key]
  return typeof value === 'number' ? value : Number.NaN
}

function readConversation(messages: readonly ChatMessage[]): Conversation {
  const results = new Map<string, unknown>()
  for (const message of messages) {
    if (message.role === 'tool' && message.tool_call_id !== undefined)
      results.set(message.tool_call_id, parse(contentOf(message)))
  }
  const calls = messages
    .flatMap((message) => message.tool_calls ?? [])
    .map(({ id, function: { name, arguments: args } }) => ({ name, args: parse(args), result: results.get(id) }))
  return { task: parse(contentOf(messages.find(({ role }) => role === 'user'))), calls }
}

function contentOf(message: ChatMessage | undefined): string {
  const content = message?.content
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map((part) => text(asRow(part), 'text')).join('') : ''
}

/** A text that is no JSON is what it is. */
function parse(source: string): unknown {
  try {
    return JSON.parse(source)
  } catch {
    return source
  }
}
