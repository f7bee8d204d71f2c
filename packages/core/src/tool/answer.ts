// One call, from its arguments to its result. Arguments are checked and people asked before the step, so that a body
// only does the work; only an error about the whole run (see isRunEnding) leaves this file.

import { MeepoError, toErrorData, type ErrorData } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { parseWith } from '../base/schema.ts'
import type { StepMeta } from '../log/events.ts'
import type { Message, ToolCall } from '../model/model.ts'
import type { RunContext } from '../run/context.ts'
import { isOnce } from '../run/retry.ts'
import { isRunEnding } from '../run/run-ending.ts'
import { awaitApproval, fallbackSignal, needsApproval } from './approval.ts'
import type { Tool, Toolset } from './tool.ts'
import { defaultTimeoutMs, maxQueueMs } from './watched-call.ts'

/** The answer to one tool call. */
export type ToolMessage = Extract<Message, { readonly role: 'tool' }>

/** What tool calls use of a run. */
export type ToolStage = Pick<RunContext, 'runId' | 'signal' | 'step' | 'signalled' | 'child' | 'now' | 'report'>

/** How a call ended. */
export interface CallEnd {
  readonly message: ToolMessage
  /** The tool that gave the result. */
  readonly by: string
  /** Why there is none, whole: the message tells a model less. */
  readonly error?: ErrorData
}

/** The tool of a call. Throws `tool.unknown`, telling the model what there is. */
export function toolOf(tools: Toolset, name: string): Tool {
  const tool = tools.get(name)
  if (tool) return tool
  const known = [...tools.keys()].join(', ') || 'none'
  throw new MeepoError('tool.unknown', `there is no tool ${JSON.stringify(name)}; the tools are: ${known}`)
}

/** The arguments as the tool wants them. Throws `tool.invalid_arguments`. */
export function readArguments(tool: Tool, args: unknown): unknown {
  return parseWith(tool.input, args, 'tool.invalid_arguments', `arguments of ${tool.name}`)
}

/** Makes an approved call, with its fallbacks. Rejects only when the run ends. */
export async function perform(
  ctx: ToolStage,
  tool: Tool,
  call: ToolCall,
  args: unknown,
  turn: number | undefined,
): Promise<CallEnd> {
  try {
    const result = readResult(tool, await begin(ctx, tool, call.id, args, turn, call.id))
    return { message: { role: 'tool', callId: call.id, tool: call.name, result }, by: tool.name }
  } catch (thrown) {
    if (isRunEnding(ctx, thrown)) throw thrown
    return tool.fallback !== undefined && mayFallBack(tool, thrown)
      ? fallBack(ctx, tool, [tool.fallback].flat(), call, thrown, turn)
      : failure(call, thrown)
  }
}

/** The result of a call that gave none: enough for the model to correct it, no stack, no causes. */
export function failure(call: ToolCall, thrown: unknown): CallEnd {
  const error = toErrorData(thrown, 'tool.failed')
  const { code, message } = error
  return failed(call, { code, message }, error)
}

function failed(call: ToolCall, told: Json, error: ErrorData): CallEnd {
  const message = { role: 'tool', callId: call.id, tool: call.name, result: { error: told }, isError: true } as const
  return { message, by: call.name, error }
}

function begin(
  ctx: ToolStage,
  tool: Tool,
  callId: string,
  args: unknown,
  turn: number | undefined,
  childId: string,
): Promise<unknown> {
  const { name, effect, retry, reconcile, definition, isPaid, price } = tool
  if (definition) return ctx.child(definition, childId, args, tool.childOptions)
  // Not with a spread: it costs more than the rest of the options.
  const meta: StepMeta =
    turn === undefined ? { kind: 'tool', tool: name, callId } : { kind: 'tool', tool: name, callId, turn }
  const announcesCalls = price !== undefined
  const options = {
    effect,
    retry,
    reconcile,
    meta,
    timeoutMs: stepTimeout(tool),
    isPaid: isPaid === true || announcesCalls,
    announcesCalls,
  }
  return ctx.step(`tool:${name}`, options, (attempt) => attempt.call.tools.run(tool, args, attempt, callId))
}

function readResult({ name, output }: Tool, returned: unknown): Json {
  const checked = output ? parseWith(output, returned, 'tool.invalid_output', `result of ${name}`) : returned
  // What a step returns came out of the log: it is JSON.
  return checked as Json
}

/** The timeout counts from when a try may begin, so the runtime of the tools sees to it; the step gives it time to wait. */
function stepTimeout({ timeoutMs, concurrency, pools, batch }: Tool): number | undefined {
  const mayWait = timeoutMs !== undefined || concurrency !== undefined || pools !== undefined || batch !== undefined
  return mayWait ? (timeoutMs ?? defaultTimeoutMs) + maxQueueMs : undefined
}

/** What must not happen twice is not tried elsewhere, unless it certainly did not happen. */
function mayFallBack({ effect }: Tool, thrown: unknown): boolean {
  if (MeepoError.is(thrown) && thrown.code === 'task.cancelled') return false
  return !isOnce(effect) || (MeepoError.is(thrown) && thrown.notSent)
}

interface Tried extends Pick<ErrorData, 'code' | 'message'> {
  readonly tool: string
}

async function fallBack(
  ctx: ToolStage,
  tool: Tool,
  chain: readonly Tool[],
  call: ToolCall,
  first: unknown,
  turn: number | undefined,
): Promise<CallEnd> {
  const tried = [triedOf(tool, first)]
  for (const other of chain) {
    try {
      const args = readArguments(other, call.arguments)
      const signal = fallbackSignal(call.id, other.name)
      if (needsApproval(other, args)) await awaitApproval(ctx, other, call, signal)
      const result = readResult(other, await begin(ctx, other, call.id, args, turn, `${call.id}/${other.name}`))
      return { message: { role: 'tool', callId: call.id, tool: call.name, result }, by: other.name }
    } catch (thrown) {
      if (isRunEnding(ctx, thrown)) throw thrown
      tried.push(triedOf(other, thrown))
      if (!mayFallBack(other, thrown)) break
    }
  }
  const error = toErrorData(first, 'tool.failed')
  const { code } = error
  const message = `${error.message}; its fallbacks failed too`
  const all = tried.map((one) => ({ ...one }))
  return failed(call, { code, message, tried: all }, { ...error, message, details: { ...error.details, tried: all } })
}

function triedOf(tool: Tool, thrown: unknown): Tried {
  const { code, message } = toErrorData(thrown, 'tool.failed')
  return { tool: tool.name, code, message }
}
