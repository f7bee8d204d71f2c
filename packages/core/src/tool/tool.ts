import { MeepoError } from '../base/errors.ts'
import type { Schema } from '../base/schema.ts'
import type { Effect } from '../log/events.ts'
import type { ToolSpec } from '../model/model.ts'
import type { Reconciled } from '../run/context.ts'
import type { RetryPolicy } from '../run/retry.ts'
import { jsonSchemaOf } from './json-schema.ts'

/** What the body of a tool may use: where the call comes from, and how it is told to stop. */
export interface ToolCallContext {
  /** The id that the model gave to this call. */
  readonly callId: string
  /** Unique per try. */
  readonly attemptId: string
  /** The same for all tries of this call: hand it to whatever the tool changes. */
  readonly idempotencyKey: string
  /** Aborted by timeout, cancel, deadline and drain. */
  readonly signal: AbortSignal
  readonly tenant: string
  readonly runId: string
  /** Sends text to whoever watches. Absent: nobody does. Must be called in order. */
  readonly preview?: (delta: string) => void
}

/** Decides whether a call needs a person. Must be a pure function of the arguments: it runs again on replay. */
export type NeedsApproval<I> = { decide(args: I): boolean }['decide']

/** A typed function that a model may call. `Tool` without parameters is any tool. */
export interface Tool<I = unknown, O = unknown> {
  readonly name: string
  /** Tells the model what the tool does and when to use it. */
  readonly description: string
  /** Checked before anything runs; a wrong argument is a result that the model reads. */
  readonly input: Schema<I>
  /** Checked after the step, so that what a tool did is recorded even when what it returned is wrong. */
  readonly output?: Schema<O>
  /** What repeating a call would do. */
  readonly effect: Effect
  /** Per try; the default of steps unless said. */
  readonly timeoutMs?: number
  readonly retry?: RetryPolicy
  /** Finds out what became of a call of a `once` or `irreversible` tool with an unknown outcome. */
  readonly reconcile?: (idempotencyKey: string, signal: AbortSignal) => Promise<Reconciled<O>>
  /** Whether a person must agree first, by the signal `approve:<callId>`. `never` unless said. */
  readonly approval?: 'never' | 'always' | NeedsApproval<I>
  /** How long to wait for the person; 24 hours unless said. After it the call is denied. */
  readonly approvalTimeoutMs?: number
  /** Runs as the body of one step: may run more than once, never touches a run context, returns JSON. */
  run(args: I, call: ToolCallContext): O | Promise<O>
  /** The tool as the model sees it, made when first asked for. */
  spec(): ToolSpec
}

/** What {@link defineTool} takes. */
export type ToolOptions<I, O> = Omit<Tool<I, O>, 'spec'>

/**
 * Makes a tool.
 * @example
 * const add = defineTool({
 *   name: 'add', description: 'Adds two numbers.', effect: 'read',
 *   input: z.object({ a: z.number(), b: z.number() }),
 *   run: ({ a, b }) => a + b,
 * })
 */
export function defineTool<I, O>(options: ToolOptions<I, O>): Tool<I, O> {
  // What all providers accept as the name of a function.
  if (!/^[\w-]{1,64}$/.test(options.name)) {
    throw new MeepoError(
      'definition.invalid',
      `tool name ${JSON.stringify(options.name)} must be 1 to 64 letters, digits, dashes and underscores`,
    )
  }
  let spec: ToolSpec | undefined
  return {
    ...options,
    spec: () => {
      spec ??= {
        name: options.name,
        description: options.description,
        inputSchema: jsonSchemaOf(options.input, `the input of tool ${options.name}`),
      }
      return spec
    },
  }
}

/** Tools by name. */
export type Toolset = ReadonlyMap<string, Tool>

/** Indexes tools; two of one name are `definition.invalid`. */
export function toolset(tools: readonly Tool[]): Toolset {
  const byName = new Map<string, Tool>()
  for (const tool of tools) {
    if (byName.has(tool.name)) throw new MeepoError('definition.invalid', `two tools are called ${tool.name}`)
    byName.set(tool.name, tool)
  }
  return byName
}
