/** The part of an OpenAI chat request that the script reads. It reads nothing else: no file, no clock, no data. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[]
}

/** A message of the conversation as it stands in the request body. */
export interface ChatMessage {
  readonly role: string
  readonly content?: unknown
  readonly tool_calls?:
    | null
    | readonly {
        readonly id: string
        readonly function: { readonly name: string; readonly arguments: string }
      }[]
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

/** A JSON object of unknown make. */
export type Row = Readonly<Record<string, unknown>>

/** What an agent found: its kind, about whom or what, the facts, and a sentence for people. */
export interface Finding {
  readonly kind: string
  readonly subject: string
  readonly values: Readonly<Record<string, string | number>>
  readonly note: string
}

/** How a role answers: from the conversation so far to the next message. */
export type Role = (talk: Conversation) => Answer

/** The conversation, read. `problems` collects what a tool should have answered and did not. */
export interface Conversation {
  readonly role: string
  readonly task: Row
  readonly calls: readonly { readonly name: string; readonly result: unknown }[]
  readonly problems: string[]
}

/** Reads the request: the role from the system message, the task from the first user message, results by their calls. */
export function readConversation(request: ChatRequest): Conversation {
  const said = (role: string): string => contentOf(request.messages.find((message) => message.role === role))
  const role = /^Role: ([a-z-]+)/m.exec(said('system') || said('developer'))?.[1] ?? ''
  const results = new Map<string, unknown>()
  for (const message of request.messages) {
    if (message.role === 'tool' && message.tool_call_id !== undefined)
      results.set(message.tool_call_id, parse(contentOf(message)))
  }
  const calls = request.messages
    .flatMap((message) => message.tool_calls ?? [])
    .map((call) => ({ name: call.function.name, result: results.get(call.id) }))
  return { role, task: asRow(parse(said('user'))), calls, problems: [] }
}

/** Whether the tool was called already. */
export function isAsked(talk: Conversation, tool: string): boolean {
  return talk.calls.some((call) => call.name === tool)
}

/** The lists named `key` in all answers of the tool, one behind the other. */
export function rowsFrom(talk: Conversation, tool: string, key: string): Row[] {
  return talk.calls.filter((call) => call.name === tool).flatMap((call) => rowsOf(talk, tool, call.result, key))
}

/** The list named `key` in the answer to the nth call of the tool, counted from 0. */
export function rowsFromCall(talk: Conversation, tool: string, at: number, key: string): Row[] {
  return rowsOf(talk, tool, talk.calls.filter((call) => call.name === tool)[at]?.result, key)
}

function rowsOf(talk: Conversation, tool: string, result: unknown, key: string): Row[] {
  const list = asRow(result)[key]
  if (!Array.isArray(list)) {
    talk.problems.push(`${tool} gave no ${key}`)
    return []
  }
  if (asRow(result)['isCut'] === true) talk.problems.push(`${tool} cut its ${key}`)
  return list.map(asRow)
}

/** The texts named `key` (a list of strings) in the last answer of the tool. */
export function textsFrom(talk: Conversation, tool: string, key: string): string[] {
  const list = asRow(talk.calls.findLast((call) => call.name === tool)?.result)[key]
  if (Array.isArray(list)) return list.map(String)
  talk.problems.push(`${tool} gave no ${key}`)
  return []
}

/** The text of a document that was read. */
export function documentText(talk: Conversation, path: string): string {
  const found = talk.calls.find((call) => call.name === 'read_document' && asRow(call.result)['path'] === path)
  const text = asRow(found?.result)['text']
  if (typeof text === 'string') return text
  talk.problems.push(`read_document gave no text of ${path}`)
  return ''
}

/** What the calculator said about an expression; NaN when it said nothing. */
export function calculated(talk: Conversation, expression: string): number {
  for (const call of talk.calls) {
    if (call.name !== 'calculator') continue
    const results = asRow(call.result)['results']
    if (!Array.isArray(results)) continue
    const hit = results.map(asRow).find((result) => result['expression'] === expression)
    if (typeof hit?.['value'] === 'string') return Number(hit['value'])
  }
  talk.problems.push(`calculator gave no value of ${expression.slice(0, 60)}`)
  return Number.NaN
}

/** Asks for tools. */
export function ask(...toolCalls: ToolCall[]): Answer {
  return { toolCalls }
}

/** One call of a tool. */
export function call(name: string, args: Row = {}): ToolCall {
  return { name, arguments: args }
}

/**
 * Ends the task with findings and whatever else the role reports. What rests on a number that no tool gave is left out: the
 * reason stands among the problems.
 */
export function finish(talk: Conversation, findings: readonly Finding[], more: Row = {}): Answer {
  const sound = findings.filter((finding) => !restsOnNothing(finding.values))
  if (sound.length < findings.length) talk.problems.push(`${findings.length - sound.length} findings lack a number`)
  const figures = Object.fromEntries(Object.entries(more).map(([name, value]) => [name, soundPart(value)]))
  return { text: JSON.stringify({ findings: sound, ...figures, problems: [...new Set(talk.problems)] }) }
}

function soundPart(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((entry) => !restsOnNothing(asRow(entry)))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, soundPart(part)]))
  return Number.isNaN(value) ? 0 : value
}

function restsOnNothing(values: Row): boolean {
  return Object.values(values).some((value) => Number.isNaN(value))
}

/** The string in a field, or an empty one. */
export function text(row: Row, key: string): string {
  const value = row[key]
  return typeof value === 'string' ? value : ''
}

/** The number in a field, or NaN, with which no comparison holds. */
export function number(row: Row, key: string): number {
  const value = row[key]
  return typeof value === 'number' ? value : Number.NaN
}

/** A list of objects in a field of the task. */
export function rows(row: Row, key: string): Row[] {
  const value = row[key]
  return Array.isArray(value) ? value.map(asRow) : []
}

/** A list of strings in a field. */
export function texts(row: Row, key: string): string[] {
  const value = row[key]
  return Array.isArray(value) ? value.map(String) : []
}

/** The value as an object; an empty one when it is none. */
export function asRow(value: unknown): Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}

function contentOf(message: ChatMessage | undefined): string {
  const content = message?.content
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map((part) => text(asRow(part), 'text')).join('') : ''
}

/** JSON, also when some words stand before it. */
function parse(source: string): unknown {
  const start = source.indexOf('{')
  if (start < 0) return undefined
  try {
    return JSON.parse(source.slice(start))
  } catch {
    // A text that is no JSON holds no facts for us; the caller notes what is missing.
    return undefined
  }
}
