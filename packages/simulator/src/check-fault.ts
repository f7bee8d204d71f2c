import type { Fault } from './fault.ts'
import { isRecord } from './value.ts'

type Kind = Fault['kind']
type Check = (fault: Readonly<Record<string, unknown>>) => string | undefined

const REASONS: readonly unknown[] = [
  'rate-limit',
  'quota',
  'context-length',
  'content-filter',
  'overloaded',
  'invalid-key',
  'unknown-model',
]

const anything: Check = () => undefined
const afterChunks: Check = (fault) => count(fault, 'afterChunks') ?? optionalCount(fault, 'forMs')
const at: Check = (fault) => count(fault, 'at') ?? optionalCount(fault, 'bytes')

const CHECKS: Readonly<Record<Kind, Check>> = {
  refuse: (fault) => status(fault, true) ?? refusal(fault),
  hang: anything,
  reset: anything,
  'hang-after-headers': anything,
  stall: afterChunks,
  cut: (fault) =>
    count(fault, 'afterChunks') ??
    (['end', 'fin', 'rst'].includes(String(fault['by'])) ? undefined : 'a cut is `by` end, fin or rst'),
  'error-event': (fault) => count(fault, 'afterChunks') ?? status(fault, false) ?? reason(fault),
  'missing-done': anything,
  'missing-usage': anything,
  'zero-usage': anything,
  'malformed-chunk': at,
  'duplicate-chunk': at,
  'big-chunk': at,
  'split-bytes': anything,
  'wrong-content-type': ({ contentType }) =>
    contentType === undefined || typeof contentType === 'string' ? undefined : '`contentType` is a string',
}

/** What is wrong with a fault; `undefined` when nothing is. */
export function checkFault(fault: unknown): string | undefined {
  if (!isRecord(fault)) return '`fault` is an object with a `kind`'
  const kind = String(fault['kind'])
  const check = Object.hasOwn(CHECKS, kind) ? CHECKS[kind as Kind] : undefined // hasOwn has just said that it is one
  return check === undefined ? `\`fault.kind\` is one of ${Object.keys(CHECKS).join(', ')}` : check(fault)
}

function status(fault: Readonly<Record<string, unknown>>, isNeeded: boolean): string | undefined {
  const { status: given } = fault
  if (given === undefined && !isNeeded) return undefined
  const isGood = Number.isSafeInteger(given) && Number(given) >= 400 && Number(given) <= 599
  return isGood ? undefined : 'a refusal has a `status` from 400 to 599'
}

function refusal(fault: Readonly<Record<string, unknown>>): string | undefined {
  const { retryAfter } = fault
  if (retryAfter !== undefined && typeof retryAfter !== 'string' && typeof retryAfter !== 'number') {
    return '`retryAfter` is seconds, or text'
  }
  const times = ['retryAfterMs', 'retryDateInMs', 'retryBodyInMs'].map((field) => optionalCount(fault, field))
  return times.find((problem) => problem !== undefined) ?? reason(fault)
}

function reason({ reason: given }: Readonly<Record<string, unknown>>): string | undefined {
  return given === undefined || REASONS.includes(given) ? undefined : `\`reason\` is one of ${REASONS.join(', ')}`
}

function count(fault: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = fault[field]
  return Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : `\`${field}\` is a number from 0 up`
}

function optionalCount(fault: Readonly<Record<string, unknown>>, field: string): string | undefined {
  return fault[field] === undefined ? undefined : count(fault, field)
}
