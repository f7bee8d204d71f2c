import { readJson, type Json, type JsonObject, type ModelResponse, type Usage } from '@meepo/core'

import type { Answer } from './answer.ts'
import { writeCarry } from './carry.ts'
import { modelError } from './errors/model-error.ts'
import type { TryReport } from './pipeline/try-report.ts'
import type { Target } from './target.ts'

/**
 * Judges an answer: whole and in our shape, or an error. Half an answer is never returned. An answer whose provider did not
 * say what it used is whole: its usage is our own count.
 */
export function toResponse(answer: Answer, report: TryReport): ModelResponse {
  const { target } = report
  const usage = report.summary
  const finish = finishOf(answer, target, report.extracted.buckets && usage)
  const reasoning = answer.reasoning.map(({ text }) => text).join('')
  const carry = writeCarry(answer, target)
  return {
    text: answer.text,
    toolCalls: answer.calls.map(({ id, name, input }) => ({ id, name, arguments: parseArguments(input) })),
    ...(reasoning === '' ? {} : { reasoning }),
    finish,
    usage,
    model: answer.model ?? target.model,
    ...(carry === undefined ? {} : { carry }),
  }
}

function finishOf(answer: Answer, target: Target, usage: Usage | undefined): ModelResponse['finish'] {
  const { unified, raw } = answer.finish ?? { unified: 'interrupted', raw: undefined }
  // What was billed for a useless answer still has to be counted.
  const details: JsonObject = {
    ...(raw === undefined ? {} : { reason: raw }),
    ...(usage === undefined ? {} : { usage: { ...usage } }),
  }
  switch (unified) {
    case 'stop':
      // Some compatible servers say stop although they call tools.
      return answer.calls.length > 0 ? 'tool-calls' : 'stop'
    case 'tool-calls':
      if (answer.calls.length > 0) return 'tool-calls'
      throw modelError(target, 'model.bad_response', 'announced tool calls but made none', { details })
    case 'length':
      return 'length'
    case 'content-filter':
      throw modelError(target, 'model.content_filter', 'stopped because of its content filter', { details })
    case 'other':
      // A reason that the adapter does not know is an end; no reason at all is none.
      if (raw !== undefined) return 'other'
      break
    case 'error':
      if (raw !== undefined) {
        throw modelError(target, 'model.bad_response', 'stopped because of an error of its own', { details })
      }
      break
    case 'interrupted':
  }
  throw modelError(target, 'model.interrupted', 'ended its answer before it was complete', { details })
}

/** A text that is no JSON, or that no log could hold, stays a text: the agent's validation tells the model. */
function parseArguments(input: string): Json {
  if (input.trim() === '') return {}
  try {
    return readJson(input)
  } catch {
    return input
  }
}
