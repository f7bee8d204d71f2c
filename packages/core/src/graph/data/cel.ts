// The one place that knows the CEL library. It is loaded when a graph as data is used, because loading it costs what
// the rest of core costs together. What an expression may do is decided here: no clock, no patterns, no code of the
// values, and no more work than its cost cap allows.

import type { ASTNode, Environment } from '@marcbachmann/cel-js'
import type * as cel from '@marcbachmann/cel-js'
import { MeepoError } from '../../base/errors.ts'

type Library = Pick<typeof cel, 'Environment'>

/** What the names in an expression mean: more of them for tasks that run once per item, or in rounds. */
export type ExpressionScope = 'task' | 'item' | 'round' | 'itemRound' | 'output' | 'result'

const names: Readonly<Record<ExpressionScope, readonly string[]>> = {
  task: ['input', 'results', 'tasks'],
  item: ['input', 'results', 'tasks', 'item', 'index'],
  round: ['input', 'results', 'tasks', 'last', 'times'],
  itemRound: ['input', 'results', 'tasks', 'item', 'index', 'last', 'times'],
  output: ['input', 'results', 'tasks'],
  result: ['result', 'input'],
}

/** Work of one evaluation: looking at a node of the expression is 1, and so is every 64 characters that it touches. */
export const maxCost = 1_000_000

/** Far beyond what anybody reads; deeper ones would not fit the stack of the parser. */
const limits = { maxAstNodes: 2_000, maxDepth: 60, maxListElements: 500, maxMapEntries: 500, maxCallArguments: 16 }

let library: Library | undefined

/** Loads what expressions need. To be awaited before a graph is made of data; `@meepo/core/graph-data` has done it. */
export async function loadExpressions(): Promise<void> {
  library ??= await import('@marcbachmann/cel-js')
}

/** What counts the work of the evaluation that is going on. Evaluations are synchronous: there is one at a time. */
interface Meter {
  left: number
  readonly touched: WeakSet<object>
}

/** What is known about the names of a scope, made once. */
export interface Language {
  readonly names: readonly string[]
  readonly environment: Environment
  readonly meter: Meter
}

const languages = new Map<string, Language>()

/** The language of a scope. */
export function languageOf(scope: ExpressionScope): Language {
  const known = names[scope]
  const key = known.join()
  let language = languages.get(key)
  if (language === undefined) languages.set(key, (language = makeLanguage(known)))
  return language
}

function makeLanguage(known: readonly string[]): Language {
  if (library === undefined) {
    throw new MeepoError('expression.not_loaded', 'expressions were used before loadExpressions() had resolved')
  }
  const environment = new library.Environment({
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits,
  })
  for (const name of known) environment.registerVariable(name, 'dyn')
  mixNumbers(environment)
  return { names: known, environment, meter: meterOf(environment) }
}

/** Numbers of JSON are doubles and literals are ints: without this, `results.count + 1` would be an error. */
function mixNumbers(environment: Environment): void {
  const operators: readonly (readonly [string, (a: number, b: number) => number])[] = [
    ['+', (a, b) => a + b],
    ['-', (a, b) => a - b],
    ['*', (a, b) => a * b],
    ['/', (a, b) => a / b],
    ['%', (a, b) => a % b],
  ]
  for (const [operator, apply] of operators) {
    const mixed = (a: number | bigint, b: number | bigint): number => apply(Number(a), Number(b))
    environment.registerOperator(`double ${operator} int`, mixed)
    environment.registerOperator(`int ${operator} double`, mixed)
  }
  environment.registerOperator('double % double', (a: number, b: number) => a % b)
}

/** What a macro is handed to evaluate its arguments with: all evaluation goes through `run`. */
interface Evaluator {
  run(node: ASTNode, context: unknown): unknown
}

/** A macro as the library describes it. */
interface Macro {
  readonly argument: ASTNode
}

/**
 * Gets hold of the evaluator of an environment by a macro, and counts what goes through it. The version of the library
 * is pinned, and tests with hostile expressions fail when this stops working.
 */
function meterOf(environment: Environment): Meter {
  const meter: Meter = { left: maxCost, touched: new WeakSet() }
  const catchEvaluator = ({ args }: { readonly args: readonly [ASTNode] }): object => ({
    argument: args[0],
    typeCheck: (checker: { check(node: ASTNode, context: unknown): unknown }, macro: Macro, context: unknown) =>
      checker.check(macro.argument, context),
    evaluate: (evaluator: Evaluator): boolean => {
      const run = evaluator.run.bind(evaluator)
      evaluator.run = (node, context) => {
        spend(meter, 1)
        const value = run(node, context)
        if (meter.touched.has(node)) spend(meter, weightOf(value, meter.left))
        return value
      }
      return true
    },
  })
  environment.registerFunction('meepo_meter(ast): bool', catchEvaluator)
  environment.evaluate('meepo_meter(true)')
  return meter
}

/** Nothing but this is thrown to end an evaluation; `||` and `all` may swallow it, so `left` is what counts. */
function spend(meter: Meter, cost: number): void {
  meter.left -= cost
  if (meter.left < 0) throw new RangeError('too costly')
}

/** What comparing or copying a value costs, as far as `most`. */
export function weightOf(value: unknown, most: number): number {
  let weight = 1
  const open: unknown[] = [value]
  while (open.length > 0 && weight <= most) {
    const next = open.pop()
    if (typeof next === 'string') weight += next.length >>> 6
    else if (typeof next === 'object' && next !== null) {
      const parts: readonly unknown[] = Array.isArray(next) ? next : Object.entries(next)
      weight += parts.length
      // One at a time: a list may be longer than a call has arguments.
      if (weight <= most) for (const part of parts) open.push(part)
    }
  }
  return weight
}
