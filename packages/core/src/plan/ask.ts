// Questions to the model, with answers as JSON. What cannot be used is sent back with the reason, so many times.

import { askModel } from '../agent/ask-model.ts'
import { MeepoError } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'
import { readJson } from '../base/json-copy.ts'
import type { Message, Model, ModelSettings } from '../model/model.ts'
import type { RunContext } from '../run/context.ts'
import type { RetryPolicy } from '../run/retry.ts'

/** Who is asked. */
export interface Asker {
  readonly model: string | Model
  readonly settings?: ModelSettings | undefined
  readonly retry?: RetryPolicy | undefined
  readonly timeoutMs?: number | undefined
}

/** What is asked. */
export interface Question<T> {
  /** The name of the step. */
  readonly name: string
  readonly instructions: string
  readonly content: Json
  readonly schema: JsonObject
  /** Throws what is wrong with the answer, in words for the model. */
  readonly read: (answer: unknown) => T
}

/** How often an answer that cannot be used is sent back. */
const maxRepairs = 2
/** So much of an answer that cannot be used is shown to the model again. */
const shownAnswer = 20_000

/** Asks until the answer can be used; throws what was wrong with the last one. */
export async function ask<T>(ctx: RunContext, asker: Asker, question: Question<T>): Promise<T> {
  const { name, instructions, content, schema, read } = question
  const { model, settings, retry, timeoutMs } = asker
  const messages: Message[] = [
    { role: 'system', text: instructions },
    { role: 'user', text: JSON.stringify(content) },
  ]
  const meta = { kind: 'model', model: typeof model === 'string' ? model : model.id } as const
  for (let repairs = 0; ; repairs++) {
    const request = { messages: [...messages], outputSchema: schema, ...(settings ? { settings } : {}) }
    const response = await askModel(ctx, { name, model, retry, timeoutMs, meta }, request)
    if (response.finish === 'content-filter') {
      throw new MeepoError('model.content_filter', `${response.model} stopped at its content filter`)
    }
    try {
      return read(parseJson(response.text, response.finish === 'length'))
    } catch (thrown) {
      if (!MeepoError.is(thrown) || repairs >= maxRepairs) throw thrown
      messages.push({ role: 'assistant', text: response.text.slice(0, shownAnswer) })
      const text = `That answer cannot be used: ${thrown.message}. Answer again with the whole corrected JSON and nothing else.`
      messages.push({ role: 'user', text, isNote: true })
    }
  }
}

/** Models without structured output like to put JSON into a code fence. */
function parseJson(text: string, isCut: boolean): unknown {
  const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)
  try {
    return readJson(fenced?.[1] ?? text)
  } catch (cause) {
    if (isCut)
      throw new MeepoError('model.truncated', 'the answer was cut off at the limit of output tokens', { cause })
    const why = MeepoError.is(cause) ? `: ${cause.message}` : ''
    throw new MeepoError('model.invalid_output', `the answer is not JSON${why}`, { cause })
  }
}

/** So much of many values is shown together. */
const shownTogether = 200_000

/** How much of each of many values is shown: less of each, the more there are. */
export function shareOf(limit: number, count: number): number {
  return Math.max(20, Math.min(limit, Math.floor(shownTogether / Math.max(1, count))))
}

/** About so many characters of a value, for a model that decides about it; the whole of it stays in the log. */
export function excerpt(value: unknown, limit: number): Json {
  const text = JSON.stringify(value ?? null)
  if (text.length > limit) return `${text.slice(0, limit)} [cut: it has ${text.length} characters]`
  // A copy, as what was written out can be read back.
  return JSON.parse(text) as Json
}
