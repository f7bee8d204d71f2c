import { MeepoError } from '../../base/errors.ts'
import type { Json } from '../../base/json.ts'
import type { ExpressionScope } from './cel.ts'
import { compileExpression, type CompiledExpression } from './expression.ts'

/** A checked mapping. */
export interface CompiledMapping {
  readonly expressions: readonly CompiledExpression[]
  /** Throws like an expression. Pure. */
  make(values: object): Json
}

/** One expression of a mapping was wrong. */
type Wrong = (path: string, thrown: unknown) => void

/** Deeper than any JSON that somebody means. */
const maxDepth = 100

/** Checks a mapping; what is wrong with an expression in it is told to `wrong`, with its place. */
export function compileMapping(mapping: Json, scope: ExpressionScope, path: string, wrong: Wrong): CompiledMapping {
  const expressions: CompiledExpression[] = []
  const make = compile(mapping, path, 0)
  return { expressions, make }

  function compile(part: Json | undefined, at: string, depth: number): (values: object) => Json {
    if (depth > maxDepth) {
      wrong(at, new MeepoError('graph.invalid', `it is deeper than ${maxDepth} levels`))
      return () => null
    }
    if (typeof part === 'string') return compileText(part, at)
    if (Array.isArray(part)) {
      const makers = part.map((item, index) => compile(item, `${at}[${index}]`, depth + 1))
      return (values) => makers.map((maker) => maker(values))
    }
    if (typeof part === 'object' && part !== null) {
      const makers = Object.entries(part).map(([key, item]) => [key, compile(item, `${at}.${key}`, depth + 1)] as const)
      return (values) => Object.fromEntries(makers.map(([key, maker]) => [key, maker(values)]))
    }
    const literal = part ?? null
    return () => literal
  }

  function compileText(text: string, at: string): (values: object) => Json {
    if (!text.startsWith('=')) return () => text
    if (text.startsWith('==')) return () => text.slice(1)
    try {
      const expression = compileExpression(text.slice(1), scope)
      expressions.push(expression)
      return expression.evaluate
    } catch (thrown) {
      wrong(at, thrown)
      return () => null
    }
  }
}
