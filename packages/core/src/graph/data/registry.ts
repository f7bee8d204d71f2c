import type { Attempt } from '../../run/context.ts'
import type { AnyDefinition } from '../../run/definition.ts'
import type { Tool } from '../../tool/tool.ts'

/** The body of a function task. `never`: what it is given is as the data says, and nobody can check it here. */
export type RegistryFunction = { body(input: never, attempt: Attempt): Promise<unknown> }['body']

/** What the names in a graph as data mean. */
export interface GraphRegistry {
  readonly tools?: readonly Tool[]
  readonly definitions?: readonly AnyDefinition[]
  readonly functions?: Readonly<Record<string, RegistryFunction>>
}
