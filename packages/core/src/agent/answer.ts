import { MeepoError } from '../base/errors.ts'
import { readJson } from '../base/json-copy.ts'
import { parseWith, type Schema } from '../base/schema.ts'
import type { ModelResponse } from '../model/model.ts'

/** What to make of an answer without tool calls. */
export type Answer<O> =
  | { readonly kind: 'final'; readonly value: O }
  | { readonly kind: 'mismatch'; readonly error: MeepoError }

/**
 * Reads the final answer: its text, or with `output` the JSON it holds. Throws when the model did not finish:
 * a part of an answer is never the answer.
 */
export function readAnswer<O>(output: Schema<O> | undefined, response: ModelResponse): Answer<O> {
  if (output === undefined) {
    if (response.finish === 'length') throw truncated(response)
    // Without an output schema O is string: defineAgent has no other way to choose it.
    return { kind: 'final', value: response.text as O }
  }
  try {
    const value = parseWith(output, parseJson(response.text), 'agent.invalid_output', 'the answer')
    return { kind: 'final', value }
  } catch (thrown) {
    if (!MeepoError.is(thrown)) throw thrown
    if (response.finish === 'length') throw truncated(response)
    return { kind: 'mismatch', error: thrown }
  }
}

/** What the model is told about an answer that does not match. */
export function repairText(error: MeepoError): string {
  return `That answer cannot be used: ${error.message}. Answer again with the corrected JSON and nothing else.`
}

/** Models without structured output like to put JSON into a code fence. */
function parseJson(text: string): unknown {
  const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)
  try {
    return readJson(fenced?.[1] ?? text)
  } catch (cause) {
    const why = MeepoError.is(cause) ? `: ${cause.message}` : ''
    throw new MeepoError('agent.invalid_output', `the answer is not JSON${why}`, { cause })
  }
}

function truncated(response: ModelResponse): MeepoError {
  return new MeepoError('agent.truncated', 'the answer was cut off at the limit of output tokens', {
    details: { outputTokens: response.usage.output + response.usage.reasoning },
  })
}
