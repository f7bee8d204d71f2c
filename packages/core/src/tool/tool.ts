import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { Schema } from '../base/schema.ts'
import type { Effect } from '../log/events.ts'
import type { ToolSpec } from '../model/model.ts'
import type { ChildOptions, Reconciled } from '../run/context.ts'
import type { AnyDefinition } from '../run/definition.ts'
import type { RetryPolicy } from '../run/retry.ts'
import { findToolProblem, findTurnProblem } from './check-tool.ts'
import { jsonSchemaOf } from './json-schema.ts'

/** What the body of a tool may use: where the call comes from, and how it is told to stop. */
export interface ToolCallContext {
  /** The id that the model gave to this call. */
  readonly callId: string
  /** Unique per try. */
  readonly attemptId: string
  /** The same for all tries of this call: hand it to whatever the tool changes. */
  readonly idempotencyKey: string
  /** Aborted by timeouts, cancel, deadline and drain. */
  readonly signal: AbortSignal
  readonly tenant: string
  readonly runId: string
  /** Sends text to whoever watches. Absent: nobody does. Must be called in order. */
  readonly preview?: (delta: string) => void
  /** The tool is still at work: `idleTimeoutMs` starts anew. So does text that is previewed. */
  heartbeat(): void
}

/** Decides whether a call needs a person. Must be a pure function of the arguments: it runs again on replay. */
export type NeedsApproval<I> = { decide(args: I): boolean }['decide']

/** Tags of one call, all of them or as a pure function of its arguments. */
export type CallTags<I> = readonly string[] | { tags(args: I): readonly string[] }['tags']

/** One call of a batch. */
export interface BatchItem<I> {
  readonly args: I
  readonly callId: string
  readonly attemptId: string
  /** The same for all tries of this call, whatever batch they travel in. */
  readonly idempotencyKey: string
  readonly runId: string
}

/** What a batch may use: like {@link ToolCallContext}, for all its calls together. */
export interface BatchCall {
  readonly tenant: string
  /** Aborted by timeouts, and when nobody waits for any of the calls any more. */
  readonly signal: AbortSignal
  heartbeat(): void
}

/** Answers many calls at once. Calls of one tenant meet, those of one turn and those of other runs of this process. */
export interface ToolBatch<I, O> {
  /** The most calls of one batch. */
  readonly maxSize: number
  /** How long a call waits for others. */
  readonly maxWaitMs: number
  /**
   * Answers each item at its place: a result, or an `Error` for the items that failed. When it rejects, or answers too
   * few or too many, all its items failed.
   */
  run(items: readonly BatchItem<I>[], call: BatchCall): Promise<readonly (O | Error)[]> | readonly (O | Error)[]
}

/** When calls of a tool are refused at once because it keeps failing. Counted per tenant. */
export interface BreakerPolicy {
  /** Failures in a row that open it; 5 unless said. */
  readonly failures?: number
  /** How long it stays open before one call is let through to try; 30,000 ms unless said. */
  readonly openMs?: number
}

/** A call and what it gave, for the model and for people. */
export interface ToolExample {
  readonly arguments: Json
  readonly result?: Json
  readonly description?: string
}

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

  /** Per try, from when it may begin; the default of steps unless said. */
  readonly timeoutMs?: number
  /** Ends a try that neither called `heartbeat` nor previewed text for so long. */
  readonly idleTimeoutMs?: number
  readonly retry?: RetryPolicy
  /**
   * Tried in their order when a call failed for good, with the same arguments. Not after wrong arguments or a denial, and
   * of `once` and `irreversible` tools only when the call certainly never left.
   */
  readonly fallback?: Tool | readonly Tool[]
  readonly breaker?: BreakerPolicy
  /** Finds out what became of a call of a `once` or `irreversible` tool with an unknown outcome. */
  readonly reconcile?: (idempotencyKey: string, signal: AbortSignal) => Promise<Reconciled<O>>

  /** Whether a person must agree first, by the signal `approve:<callId>`. `never` unless said. */
  readonly approval?: 'never' | 'always' | NeedsApproval<I>
  /** How long to wait for the person; 24 hours unless said. */
  readonly approvalTimeoutMs?: number
  /** What becomes of the call when nobody answers in time; `deny` unless said. */
  readonly approvalDefault?: 'deny' | 'approve'

  /** Names of tools: calls of this one begin when those of the same turn have ended, however they ended. */
  readonly after?: readonly string[]
  /** Names of tools whose calls never run together with calls of this one in one turn; its own name: one at a time. */
  readonly conflictsWith?: readonly string[]
  /** Among calls that could begin, the highest goes first; 0 unless said. */
  readonly priority?: number
  /** Calls at work at one time: in a turn, and in all runs of a process. */
  readonly concurrency?: number
  /** Units of shared pools that a call holds while it is at work. */
  readonly pools?: Readonly<Record<string, number>>

  /** Calls of one turn with the same arguments are one call. True for `read` unless said. */
  readonly coalesce?: boolean
  readonly batch?: ToolBatch<I, O>
  /** Results of a `read` tool answer the same call of the same tenant for so long. */
  readonly cacheMs?: number
  /** What cached results are about, besides the tool's own name, which is always a tag. */
  readonly cacheTags?: CallTags<I>
  /** Tags of cached results that a call makes wrong. */
  readonly invalidates?: CallTags<I>

  /** Calls cost money: they wait for the log like calls with effects. */
  readonly isPaid?: boolean
  /** What one call costs, in dollars: set aside from the budgets before it leaves. */
  readonly price?: string | number

  /** `1` unless said. */
  readonly version?: string
  /** For searching, see `createToolRegistry`. */
  readonly tags?: readonly string[]
  readonly examples?: readonly ToolExample[]

  /** A composite tool: a call is a run below the calling one. Made by `asTool`. */
  readonly definition?: AnyDefinition
  /** What the runs of a composite tool do not inherit as it is. */
  readonly childOptions?: ChildOptions
  /** Runs as the body of one step: may run more than once, never touches a run context, returns JSON. */
  run?(args: I, call: ToolCallContext): O | Promise<O>
  /** The tool as the model sees it, made when first asked for. */
  spec(): ToolSpec
}

/** A tool with a body of its own. */
export interface LeafTool<I = unknown, O = unknown> extends Tool<I, O> {
  run(args: I, call: ToolCallContext): O | Promise<O>
}

/** What {@link defineTool} takes, whatever does the work. */
export type ToolSettings<I, O> = Omit<Tool<I, O>, 'spec' | 'run' | 'batch' | 'definition' | 'childOptions'>

/** What {@link defineTool} takes: a tool that works call by call. */
export interface ToolOptions<I, O> extends ToolSettings<I, O> {
  run(args: I, call: ToolCallContext): O | Promise<O>
}

/** What {@link defineTool} takes: a tool that works batch by batch. */
export interface BatchToolOptions<I, O> extends ToolSettings<I, O> {
  readonly batch: ToolBatch<I, O>
}

/**
 * Makes a tool.
 * @example
 * const add = defineTool({
 *   name: 'add', description: 'Adds two numbers.', effect: 'read',
 *   input: z.object({ a: z.number(), b: z.number() }),
 *   run: ({ a, b }) => a + b,
 * })
 */
export function defineTool<I, O>(options: ToolOptions<I, O>): LeafTool<I, O>
/** Makes a tool whose calls are answered many at a time. */
export function defineTool<I, O>(options: BatchToolOptions<I, O>): Tool<I, O>
export function defineTool<I, O>(options: ToolOptions<I, O> | BatchToolOptions<I, O>): Tool<I, O> {
  return makeTool(options)
}

/** Checks what a tool says about itself, and lets it be shown to models. */
export function makeTool<I, O>(options: Omit<Tool<I, O>, 'spec'>): Tool<I, O> {
  const problem = findToolProblem(options)
  if (problem !== undefined) throw new MeepoError('definition.invalid', problem)
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

/** Indexes tools; two of one name, and tools that wait for each other, are `definition.invalid`. */
export function toolset(tools: readonly Tool[]): Toolset {
  const byName = new Map<string, Tool>()
  for (const tool of tools) {
    if (byName.has(tool.name)) throw new MeepoError('definition.invalid', `two tools are called ${tool.name}`)
    byName.set(tool.name, tool)
  }
  const problem = findTurnProblem(byName)
  if (problem !== undefined) throw new MeepoError('definition.invalid', problem)
  return byName
}
