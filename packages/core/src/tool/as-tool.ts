import { textSchema, type Schema } from '../base/schema.ts'
import type { Definition } from '../run/definition.ts'
import { makeTool, type Tool, type ToolSettings } from './tool.ts'

/** What {@link asTool} takes besides the definition. What a child decides for itself is not among it. */
export interface AsToolOptions<I, O>
  extends
    Partial<
      Omit<
        ToolSettings<I, O>,
        | 'input'
        | 'retry'
        | 'timeoutMs'
        | 'idleTimeoutMs'
        | 'reconcile'
        | 'breaker'
        | 'cacheMs'
        | 'cacheTags'
        | 'invalidates'
        | 'isPaid'
        | 'price'
      >
    >,
    Pick<Tool, 'childOptions'> {
  readonly description: string
}

/**
 * Makes a tool of an agent, a graph, or anything else that can be run: each call is a run of its own below the calling
 * one, with the call's id as its child id. It may wait for people and days, and survives what its parent survives. The
 * name is that of the definition unless said; the effect is `idempotent`, as the same call is the same child. What takes a
 * text gets the argument `input`: to a model the arguments of a tool are an object.
 * @example asTool(researcher, { description: 'Finds out about a topic.' })
 */
export function asTool<I, O>(definition: Definition<I, O>, options: AsToolOptions<I, O>): Tool<I, O> {
  return makeTool<I, O>({
    name: definition.name.replaceAll('.', '_'),
    effect: 'idempotent',
    version: definition.version,
    // For a definition of a text I is string.
    input: isText(definition) ? (textArgument as Schema<unknown> as Schema<I>) : definition.input,
    // Only the engine runs it, with input that its own schema accepted.
    definition: definition as Definition<unknown, unknown> as Definition,
    ...options,
  })
}

function isText({ input }: { readonly input: unknown }): boolean {
  return input === textSchema
}

/** `{ input: text }` for the model, the text for the definition. */
const textArgument: Schema<string> = {
  safeParse: (value) => {
    const text = typeof value === 'object' && value !== null && 'input' in value ? value.input : value
    return textSchema.safeParse(text)
  },
  toJSONSchema: () => ({ type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }),
}
