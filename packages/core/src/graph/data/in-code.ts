// Conditions and mappings of data in a graph of code: they do what they do in a file, and the graph can be written to one.

import type { TaskView } from '../task-view.ts'
import { compileExpression } from './expression.ts'
import type { Expression, Mapping } from './graph-data.ts'
import { compileMapping } from './mapping.ts'
import { madeOf } from './sources.ts'

/**
 * A condition, list or number as a CEL expression: `when: cel('results.check.score > 0.5')`. Throws `expression.invalid`.
 * What it gives is what the expression says; the type is the caller's promise.
 */
export function cel<T = boolean>(text: Expression): (view: TaskView<unknown, unknown>) => T {
  const { evaluate } = compileExpression(text, 'itemRound')
  // Promised by the caller, see above.
  const made = (view: TaskView<unknown, unknown>): T => evaluate(view) as T
  return madeOf(made, text)
}

/**
 * The input of a task as a mapping: `input: mapping({ text: '=results.load.text' })`. Throws `expression.invalid`. The
 * type is the caller's promise.
 */
export function mapping<T>(
  data: Mapping,
): (results: unknown, graphInput: unknown, view: TaskView<unknown, unknown>) => T {
  const { make } = compileMapping(data, 'itemRound', 'input', (_path, thrown) => {
    throw thrown
  })
  const made = (_results: unknown, _input: unknown, view: TaskView<unknown, unknown>): T =>
    // Promised by the caller, see above.
    make(view) as T
  return madeOf(made, data)
}
