import {
  jsonSchemaOf,
  MeepoError,
  parseWith,
  type Json,
  type JsonObject,
  type Message,
  type ModelResponse,
  type Schema,
} from '@meepo/core'

import { prepare, type Asked, type AskOptions, type AskTools } from './ask.ts'
import { demand } from './check-ask.ts'
import { isSchema, schemaOfJson } from './json-schema.ts'

/** What is asked for JSON of a schema. */
export interface StructuredOptions<T> extends Omit<AskOptions, 'tools'> {
  /** A schema of zod 4, any {@link Schema}, or a JSON Schema. */
  readonly schema: Schema<T> | JsonObject
  /** How often an answer that does not match is sent back with what is wrong. 0 to 5; default 2. */
  readonly repairs?: number
}

/** A value of the schema; cost and calls are of all answers that it took. */
export interface Structured<T> extends Asked {
  readonly value: T
}

/** Asks until the answer matches: `model.invalid_output` when it never does, `model.truncated` when it is cut off. */
export async function generateStructured<T = Json>(
  tools: AskTools,
  { schema: given, repairs = 2, ...options }: StructuredOptions<T>,
): Promise<Structured<T>> {
  demand(Number.isInteger(repairs) && repairs >= 0 && repairs <= 5, 'repairs', 'must be an integer from 0 to 5')
  demand(typeof given === 'object' && given !== null, 'schema', 'must be a schema')
  // A JSON Schema has no type to tell: T is Json then, or what the caller says.
  const schema = isSchema<T>(given) ? given : (schemaOfJson(given) as unknown as Schema<T>)
  const question = prepare(tools, options)
  const outputSchema = jsonSchemaOf(schema, 'schema')
  const messages: Message[] = [...question.request.messages]
  for (let repair = 0; ; repair += 1) {
    const suffix = repair === 0 ? '' : `/repair-${repair}`
    const response = await question.put({ ...question.request, messages, outputSchema }, suffix)
    const read = readValue(schema, response)
    if (read.kind === 'value') return { ...question.asked(response), value: read.value }
    if (response.finish === 'length') throw truncated(options.model)
    if (repair === repairs) throw read.error
    messages.push({ role: 'assistant', text: response.text }, { role: 'user', text: repairText(read.error) })
  }
}

type Read<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'mismatch'; readonly error: MeepoError }

function readValue<T>(schema: Schema<T>, { text }: ModelResponse): Read<T> {
  try {
    return { kind: 'value', value: parseWith(schema, parseJson(text), 'model.invalid_output', 'the answer') }
  } catch (error) {
    if (MeepoError.is(error)) return { kind: 'mismatch', error }
    throw error
  }
}

/** Models without structured output like to put JSON into a code fence. */
function parseJson(text: string): unknown {
  const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)
  try {
    return JSON.parse(fenced?.[1] ?? text)
  } catch (cause) {
    throw new MeepoError('model.invalid_output', 'the answer is not JSON', { cause })
  }
}

function repairText({ message }: MeepoError): string {
  return `That answer cannot be used: ${message}. Answer again with the corrected JSON and nothing else.`
}

function truncated(model: string): MeepoError {
  return new MeepoError('model.truncated', `the answer of ${model} was cut off before its JSON was complete`)
}
