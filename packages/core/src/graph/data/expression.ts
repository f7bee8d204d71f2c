import type { ParseResult } from '@marcbachmann/cel-js'
import { MeepoError } from '../../base/errors.ts'
import type { Json } from '../../base/json.ts'
import { languageOf, maxCost, type ExpressionScope, type Language } from './cel.ts'
import { knownFunctions, lookThrough, type Reads } from './expression-rules.ts'
import { nearTo } from './near.ts'

/** What an expression has to give. */
export type Expected = 'anything' | 'a boolean' | 'a list' | 'a number'

const fitting: Readonly<Record<Expected, readonly string[]>> = {
  anything: [],
  'a boolean': ['bool', 'dyn'],
  'a list': ['list', 'dyn'],
  'a number': ['int', 'double', 'dyn'],
}

/** More than anybody writes by hand. */
const maxLength = 4_000

/** A checked expression. */
export interface CompiledExpression extends Reads {
  readonly text: string
  /** What CEL says it gives; `dyn` when it depends on the values. */
  readonly type: string
  readonly path: readonly string[] | undefined
  /** Throws `expression.failed` or `expression.too_costly`. Pure. */
  evaluate(values: object): Json
}

/**
 * Parses and checks an expression. Throws `expression.invalid` with the position for one that is malformed, uses an
 * unknown name, a function that expressions do not have, or cannot give what is expected.
 */
export function compileExpression(
  text: string,
  scope: ExpressionScope,
  expected: Expected = 'anything',
): CompiledExpression {
  const language = languageOf(scope)
  if (text.length > maxLength) throw invalid(text, `it has ${text.length} characters; ${maxLength} are allowed`)
  const parsed = parse(text, language)
  const { touched, forbidden, ...reads } = lookThrough(parsed.ast)
  if (forbidden !== undefined) {
    throw invalid(
      text,
      `there is no function ${forbidden.name}${nearTo(forbidden.name, knownFunctions)}`,
      forbidden.start,
    )
  }
  const type = typeOf(text, parsed, language, expected)
  for (const node of touched) language.meter.touched.add(node)
  return { text, type, ...reads, evaluate: (values) => evaluate(text, parsed, language, pick(values, reads.names)) }
}

function parse(text: string, { environment }: Language): ParseResult {
  try {
    return environment.parse(text)
  } catch (cause) {
    throw invalid(text, summaryOf(cause), startOf(cause), cause)
  }
}

function typeOf(text: string, parsed: ParseResult, { names }: Language, expected: Expected): string {
  const { type = 'dyn', error } = parsed.check()
  if (error !== undefined) throw invalid(text, withNear(summaryOf(error), names), startOf(error), error)
  const fits = fitting[expected]
  const isFit = fits.length === 0 || fits.some((each) => type === each || type.startsWith(`${each}<`))
  if (!isFit) throw invalid(text, `it gives ${type} and has to give ${expected}`)
  return type
}

/** Only what the expression reads: the rest may be costly to make. What is not there is null. */
function pick(values: object, names: ReadonlySet<string>): Record<string, unknown> {
  const picked: Record<string, unknown> = {}
  for (const name of names) if (name in values) picked[name] = (values as Record<string, unknown>)[name] ?? null
  return picked
}

function evaluate(text: string, parsed: ParseResult, { meter }: Language, values: object): Json {
  meter.left = maxCost
  let value: unknown
  let failure: MeepoError | undefined
  try {
    value = parsed({ ...values })
  } catch (cause) {
    const at = startOf(cause)
    failure = new MeepoError('expression.failed', describe(text, summaryOf(cause), at), {
      details: detailsOf(text, at),
    })
  }
  // Asked whatever the evaluation said: an operator that goes on after an error in one operand would hide this one.
  if (meter.left < 0) throw tooCostly(text)
  if (failure) throw failure
  return toJson(text, value)
}

function tooCostly(text: string): MeepoError {
  const problem = `it takes more than ${maxCost} units of work`
  return new MeepoError('expression.too_costly', describe(text, problem), { details: detailsOf(text) })
}

/** Integers of CEL are numbers of JSON again. */
function toJson(text: string, value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value)
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) return value.map((item) => toJson(text, item))
  if (isPlain(value)) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, toJson(text, item)]])),
    )
  }
  const problem = 'it gives a value that JSON cannot hold'
  throw new MeepoError('expression.failed', describe(text, problem), { details: detailsOf(text) })
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function invalid(text: string, problem: string, start?: number, cause?: unknown): MeepoError {
  const options = { details: detailsOf(text, start), ...(cause === undefined ? {} : { cause }) }
  return new MeepoError('expression.invalid', describe(text, problem, start), options)
}

function detailsOf(text: string, start?: number): { readonly expression: string; readonly position?: number } {
  return { expression: shorten(text), ...(start === undefined ? {} : { position: start + 1 }) }
}

function describe(text: string, problem: string, start?: number): string {
  return `${problem}, in \`${shorten(text)}\`${start === undefined ? '' : ` at character ${start + 1}`}`
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}

function withNear(summary: string, names: readonly string[]): string {
  const [, unknown] = /^Unknown variable: (\w+)$/.exec(summary) ?? []
  return unknown === undefined ? summary : `${summary}${nearTo(unknown, names)}`
}

/** What the library says about an error; it throws nothing else, except when the stack ends. */
function summaryOf(cause: unknown): string {
  if (cause instanceof Error && 'summary' in cause) return String(cause.summary)
  return 'it cannot be evaluated'
}

function startOf(cause: unknown): number | undefined {
  const { range } = cause as { readonly range?: { readonly start: number } }
  return range?.start
}
