// A task that adds tasks says so in its result: what was added is recorded with it, and a replay adds the same.

import type { Json, JsonObject } from '../base/json.ts'

const mark = '$meepo.grow'

/** What a task adds to its graph. */
export interface Growth {
  /** By id, as data; the graph's `growth` makes tasks of it. Ids are new to the graph. */
  readonly tasks: Readonly<Record<string, Json>>
  /** Tasks that have not begun and wait for the new ones as well. */
  readonly before?: readonly string[]
}

/** What the body of a task returns to add tasks: its result as others see it, and the tasks. */
export interface Grown {
  readonly result: unknown
  readonly growth: Growth
}

/**
 * The result of a task that adds tasks to its graph. Return it from the function of a task, or as the result of a
 * definition.
 * @example run: async (url: string) => grow(url, { tasks: { next: { run: 'visit', input: 'other' } }, before: ['report'] })
 */
export function grow<O>(result: O, growth: Growth): O {
  // Whoever reads the result of the task gets it unwrapped: the driver is the only one that sees this object.
  return { [mark]: { result: result === undefined ? null : result, ...growth } } as unknown as O
}

/** Tells a result that adds tasks from all others. */
export function asGrown(value: unknown): Grown | undefined {
  if (typeof value !== 'object' || value === null || !(mark in value)) return undefined
  // Made by `grow`, read back from the log.
  const { result, ...growth } = value[mark] as JsonObject as unknown as { readonly result: Json } & Growth
  return { result, growth }
}
