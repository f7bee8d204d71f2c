// One turn of tool calls. Invariants: exactly one result per call, in the order of the calls, whatever happens to
// them; arguments are checked and people asked before the step, so that a body only does the work; only an error
// about the whole run (see isRunEnding) leaves this file.

import { MeepoError, toErrorData } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { parseWith } from '../base/schema.ts'
import type { Message, ToolCall } from '../model/model.ts'
import type { Attempt, RunContext } from '../run/context.ts'
import { isRunEnding } from '../run/run-ending.ts'
import { awaitApproval, needsApproval } from './approval.ts'
import type { ToolCallContext, Toolset } from './tool.ts'

/** The answer to one tool call. */
export type ToolMessage = Extract<Message, { readonly role: 'tool' }>

/** How {@link runToolCalls} goes about its calls. */
export interface ToolCallsOptions {
  /** The turn of the conversation, for the timeline. */
  readonly turn: number
  /** Calls at work or waiting for a person at one time; 100 unless said. */
  readonly maxParallel?: number
}

/**
 * Runs the calls of one turn in parallel, each as one step, and returns one result per call, in the order of the
 * calls. A call that cannot be run, is denied or fails has a result that says so in words for the model. Call ids
 * are unique within a run. Rejects only when the run itself ends.
 */
export function runToolCalls(
  ctx: RunContext,
  tools: Toolset,
  calls: readonly ToolCall[],
  options: ToolCallsOptions,
): Promise<ToolMessage[]> {
  const { turn, maxParallel = 100 } = options
  const [only] = calls
  if (only && calls.length === 1) return answer(ctx, tools, only, turn).then(single)
  if (calls.length <= maxParallel) return Promise.all(calls.map((call) => answer(ctx, tools, call, turn)))
  return inLanes(ctx, tools, calls, turn, maxParallel)
}

function single(message: ToolMessage): ToolMessage[] {
  return [message]
}

async function inLanes(
  ctx: RunContext,
  tools: Toolset,
  calls: readonly ToolCall[],
  turn: number,
  maxParallel: number,
): Promise<ToolMessage[]> {
  const results: ToolMessage[] = []
  // Shared by all lanes: each takes the next call when it has finished one.
  const waiting = calls.entries()
  const lane = async (): Promise<void> => {
    for (const [index, call] of waiting) results[index] = await answer(ctx, tools, call, turn)
  }
  await Promise.all(Array.from({ length: maxParallel }, lane))
  return results
}

async function answer(ctx: RunContext, tools: Toolset, call: ToolCall, turn: number): Promise<ToolMessage> {
  try {
    const tool = tools.get(call.name)
    if (tool === undefined) throw unknownTool(tools, call.name)
    const args = parseWith(tool.input, call.arguments, 'tool.invalid_arguments', `arguments of ${tool.name}`)
    if (needsApproval(tool, args)) await awaitApproval(ctx, tool, call)
    const { name, effect, retry, timeoutMs, reconcile, output } = tool
    const meta = { kind: 'tool', tool: name, callId: call.id, turn } as const
    const returned = await ctx.step(`tool:${name}`, { effect, retry, timeoutMs, reconcile, meta }, (attempt) =>
      Promise.resolve(tool.run(args, new AttemptToolCall(attempt, call.id))),
    )
    const checked = output ? parseWith(output, returned, 'tool.invalid_output', `result of ${name}`) : returned
    // What a step returns came out of the log: it is JSON.
    return { role: 'tool', callId: call.id, tool: name, result: checked as Json }
  } catch (thrown) {
    if (isRunEnding(ctx, thrown)) throw thrown
    return { role: 'tool', callId: call.id, tool: call.name, result: describe(thrown), isError: true }
  }
}

/** What a tool may use of an attempt. Ids and abort signals are made when somebody asks: most tools never do. */
class AttemptToolCall implements ToolCallContext {
  readonly callId: string
  readonly #attempt: Attempt

  constructor(attempt: Attempt, callId: string) {
    this.#attempt = attempt
    this.callId = callId
  }

  get attemptId(): string {
    return this.#attempt.id
  }

  get idempotencyKey(): string {
    return this.#attempt.idempotencyKey
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  get tenant(): string {
    return this.#attempt.call.tenant
  }

  get runId(): string {
    return this.#attempt.call.runId
  }

  get preview(): ((delta: string) => void) | undefined {
    return this.#attempt.preview
  }
}

function unknownTool(tools: Toolset, name: string): MeepoError {
  const known = [...tools.keys()].join(', ') || 'none'
  return new MeepoError('tool.unknown', `there is no tool ${JSON.stringify(name)}; the tools are: ${known}`)
}

/** What the model reads about a call without a result: enough to correct it, no stack, no causes. */
function describe(thrown: unknown): Json {
  const { code, message } = toErrorData(thrown, 'tool.failed')
  return { error: { code, message } }
}
