import { seededRandom } from '../chance.ts'
import type { ChatTool } from '../openai/chat-request.ts'
import type { SimulatorAnswer, SimulatorRequest } from '../script.ts'
import { isRecord } from '../value.ts'

const WORDS =
  'the a run model answer step budget limit token price queue agent plan result check table order value note time'.split(
    ' ',
  )

/**
 * An answer that depends on the seed and on what was asked only: a value of the wanted schema; a call of one of the tools
 * unless a result has just come back; else some words.
 */
export function seededAnswer(seed: number, request: SimulatorRequest): SimulatorAnswer {
  const random = seededRandom(seed, hashOf(request))
  const last = request.messages.at(-1)
  if (request.tools.length > 0 && last?.role !== 'tool') {
    const tool = request.tools[Math.floor(random() * request.tools.length)]
    if (tool !== undefined) return { toolCalls: [{ name: tool.function.name, arguments: argumentsOf(tool, random) }] }
  }
  const schema = schemaOf(request.body.response_format)
  if (schema !== undefined) return { text: JSON.stringify(valueOf(schema, random)) }
  const words = Array.from({ length: 4 + Math.floor(random() * 24) }, () => wordOf(random))
  return { text: words.join(' ') }
}

/** The number depends on model and conversation, not on when they came (FNV-1a). */
function hashOf({ model, messages }: SimulatorRequest): number {
  const text = `${model}\n${JSON.stringify(messages)}`
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

function schemaOf(format: SimulatorRequest['body']['response_format']): unknown {
  const given = format?.json_schema
  return isRecord(given) ? given['schema'] : undefined
}

function argumentsOf(tool: ChatTool, random: () => number): object {
  const value = valueOf(tool.function.parameters, random)
  return isRecord(value) ? value : {}
}

function valueOf(schema: unknown, random: () => number): unknown {
  if (!isRecord(schema)) return {}
  const choices = schema['enum'] ?? schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(choices) && choices.length > 0) {
    const choice: unknown = choices[Math.floor(random() * choices.length)]
    return schema['enum'] === choices ? choice : valueOf(choice, random)
  }
  if ('const' in schema) return schema['const']
  const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type']
  if (type === 'string') return wordOf(random)
  if (type === 'boolean') return random() < 0.5
  if (type === 'null') return null
  if (type === 'integer' || type === 'number') return numberOf(schema, random)
  if (type === 'array') return [valueOf(schema['items'], random)]
  const properties = isRecord(schema['properties']) ? schema['properties'] : {}
  return Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, valueOf(inner, random)]))
}

function numberOf(schema: Readonly<Record<string, unknown>>, random: () => number): number {
  const least = typeof schema['minimum'] === 'number' ? Math.ceil(schema['minimum']) : 0
  const most = typeof schema['maximum'] === 'number' ? Math.floor(schema['maximum']) : least + 99
  return least + Math.floor(random() * (most - least + 1))
}

function wordOf(random: () => number): string {
  return WORDS[Math.floor(random() * WORDS.length)] ?? 'the'
}
