import { SimulatorError } from './failure.ts'
import type { SimulatorAnswer } from './script.ts'
import { isRecord } from './value.ts'

const FINISH_REASONS: readonly unknown[] = ['stop', 'length', 'tool_calls', 'content_filter']

/** Throws `simulator.bad_answer`, naming the field, unless the value is an answer. */
export function checkAnswer(value: unknown): SimulatorAnswer {
  if (!isRecord(value)) throw bad('an answer is an object, e.g. { text: "…" }', value)
  const { text, toolCalls, finishReason, usage, latency, fault } = value
  if (text === undefined && toolCalls === undefined && fault === undefined) {
    throw bad('an answer has `text`, `toolCalls` or `fault`', value)
  }
  if (text !== undefined && typeof text !== 'string') throw bad('`text` is a string', text)
  if (toolCalls !== undefined) checkToolCalls(toolCalls)
  if (finishReason !== undefined && !FINISH_REASONS.includes(finishReason)) {
    throw bad(`\`finishReason\` is one of ${FINISH_REASONS.join(', ')}`, finishReason)
  }
  if (usage !== undefined) checkNumbers('usage', usage, isCount)
  if (latency !== undefined) checkNumbers('latency', latency, isTime)
  if (fault !== undefined) checkFault(fault)
  // Every field was checked above; the compiler cannot follow that through `unknown`.
  return value as SimulatorAnswer
}

function checkToolCalls(calls: unknown): void {
  if (!Array.isArray(calls)) throw bad('`toolCalls` is an array', calls)
  for (const call of calls as readonly unknown[]) {
    if (!isRecord(call) || typeof call['name'] !== 'string' || call['name'] === '') {
      throw bad('a tool call has a `name`', call)
    }
    const given = call['arguments']
    if (typeof given !== 'string' && (typeof given !== 'object' || given === null)) {
      throw bad('`arguments` of a tool call is an object, or JSON text', given)
    }
    if (call['id'] !== undefined && typeof call['id'] !== 'string') {
      throw bad('`id` of a tool call is a string', call['id'])
    }
  }
}

function checkFault(fault: unknown): void {
  const kind = isRecord(fault) ? fault['kind'] : undefined
  if (!isRecord(fault)) throw bad('`fault` is an object with a `kind`', fault)
  if (kind === 'refuse') {
    const status = fault['status']
    if (!isCount(status) || status < 400 || status > 599) {
      throw bad('a refusal has a `status` from 400 to 599', status)
    }
  } else if (kind === 'cut') {
    if (!isCount(fault['afterChunks'])) throw bad('a cut has `afterChunks`', fault['afterChunks'])
    if (!['end', 'fin', 'rst'].includes(String(fault['by']))) {
      throw bad('a cut is `by` end, fin or rst', fault['by'])
    }
  } else if (kind !== 'hang' && kind !== 'reset' && kind !== 'missing-done') {
    throw bad('`fault.kind` is refuse, hang, reset, cut or missing-done', kind)
  }
}

function checkNumbers(field: string, value: unknown, isGood: (value: unknown) => boolean): void {
  if (!isRecord(value)) throw bad(`\`${field}\` is an object of numbers`, value)
  for (const [name, number] of Object.entries(value)) {
    if (number !== undefined && !isGood(number)) {
      throw bad(`\`${field}.${name}\` is a number from 0 up`, number)
    }
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function bad(rule: string, got: unknown): SimulatorError {
  const shown = (JSON.stringify(got) ?? String(got)).slice(0, 120)
  return new SimulatorError('simulator.bad_answer', `the script's answer is wrong: ${rule}; got ${shown}`)
}
