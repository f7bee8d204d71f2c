// Conditions and mappings of data in a graph of code: they do what they do in a file, and the graph can be written to one.

import type { Json } from '../../base/json.ts'
import type { TaskView } from '../task-view.ts'
import { compileExpression } from './expression.ts'
import type { Expression, Mapping } from './graph-data.ts'
import { compileMapping } from './mapping.ts'

const sources = new WeakMap<object, Json>()

/** The data that a condition or mapping was made of. */
export function sourceOf(made: object): Json | undefined {
  return sources.get(made)
}

/**
 * A condition, list or number as a CEL expression: `when: cel('results.check.score > 0.5')`. Throws `expression.invalid`.
 * What it gives is what the expression says; the type is the caller's promise.
 */
export function cel<T = boolean>(text: Expression): (view: TaskView<unknown, unknown>) => T {
  const { evaluate } = compileExpression(text, 'itemRound')
  // Promised by the caller, see above.
  const made = (view: TaskView<unknown, unknown>): T => evaluate(view) as T
  sources.set(made, text)
  return made
}

/** The input of a task as a mapping: `input: mapping({ text: '=results.load.text' })`. Throws `expression.invalid`.
 * The type is the caller's promise. */
export function mapping<T>(
  data: Mapping,
): (results: unknown, graphInput: unknown, view: TaskView<unknown, unknown>) => T {
  const { make } = compileMapping(data, 'itemRound', 'input', (_path, thrown) => {
    throw thrown
  })
  const made = (_results: unknown, _input: unknown, view: TaskView<unknown, unknown>): T => make(view) as T
  sources.set(made, data)
  return made
}
