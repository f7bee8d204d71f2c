import { checkFault } from './check-fault.ts'
import { SimulatorError } from './failure.ts'
import type { SimulatorAnswer } from './script.ts'
import { isRecord } from './value.ts'

const FINISH_REASONS: readonly unknown[] = ['stop', 'length', 'tool_calls', 'content_filter']

/** Throws `simulator.bad_answer`, naming the field, unless the value is an answer. */
export function checkAnswer(value: unknown): SimulatorAnswer {
  if (!isRecord(value)) throw bad('an answer is an object, e.g. { text: "…" }', value)
  const { text, toolCalls, finishReason, usage, latency, fault, body, chunks, status } = value
  const parts = [text, toolCalls, fault, body, chunks, finishReason]
  if (parts.every((part) => part === undefined)) throw bad('an answer has `text`, `toolCalls` or `fault`', value)
  for (const field of ['text', 'reasoning', 'serviceTier', 'modelName']) {
    const given = value[field]
    if (given !== undefined && typeof given !== 'string') throw bad(`\`${field}\` is a string`, given)
  }
  if (toolCalls !== undefined) checkToolCalls(toolCalls)
  if (finishReason !== undefined && !FINISH_REASONS.includes(finishReason)) {
    throw bad(`\`finishReason\` is one of ${FINISH_REASONS.join(', ')}`, finishReason)
  }
  if (usage !== undefined) checkNumbers('usage', usage, isCount)
  if (latency !== undefined) checkNumbers('latency', latency, isTime)
  if (value['wireUsage'] !== undefined && !isRecord(value['wireUsage'])) {
    throw bad('`wireUsage` is an object', value['wireUsage'])
  }
  checkHeaders(value['headers'])
  if (status !== undefined && !isStatus(status)) throw bad('`status` is from 200 to 599', status)
  if (chunks !== undefined && !(Array.isArray(chunks) && chunks.every((chunk) => typeof chunk === 'string'))) {
    throw bad('`chunks` is an array of strings', chunks)
  }
  if (fault !== undefined) {
    const problem = checkFault(fault)
    if (problem !== undefined) throw bad(problem, fault)
  }
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

function checkHeaders(headers: unknown): void {
  if (headers === undefined) return
  if (!isRecord(headers) || Object.values(headers).some((value) => typeof value !== 'string')) {
    throw bad('`headers` is an object of strings', headers)
  }
}

function checkNumbers(field: string, value: unknown, isGood: (value: unknown) => boolean): void {
  if (!isRecord(value)) throw bad(`\`${field}\` is an object of numbers`, value)
  for (const name in value) {
    const number = value[name]
    if (number !== undefined && !isGood(number)) {
      throw bad(`\`${field}.${name}\` is a number from 0 up`, number)
    }
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isStatus(value: unknown): boolean {
  return isCount(value) && value >= 200 && value <= 599
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function bad(rule: string, got: unknown): SimulatorError {
  const shown = (JSON.stringify(got) ?? String(got)).slice(0, 120)
  return new SimulatorError('simulator.bad_answer', `the script's answer is wrong: ${rule}; got ${shown}`)
}
