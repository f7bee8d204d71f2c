import { MeepoError, toErrorData } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { parseWith } from '../base/schema.ts'
import type { Message, ToolCall } from '../model/model.ts'
import type { RunContext } from '../run/context.ts'
import { isRunEnding } from '../run/run-ending.ts'
import { awaitApproval, needsApproval } from './approval.ts'
import { toolset, type Tool, type Toolset } from './tool.ts'

/** The answer to one tool call. */
export type ToolMessage = Extract<Message, { readonly role: 'tool' }>

/** What {@link runTools} uses of a run. */
export type ToolStage = Pick<RunContext, 'runId' | 'signal' | 'step' | 'signalled' | 'child' | 'now' | 'report'>

/** One call, and what it has to wait for. */
export interface ToolRequest extends ToolCall {
  /** Ids of calls of the same turn that end first, however they end. */
  readonly after?: readonly string[]
  /** In place of that of the tool. */
  readonly priority?: number
}

/** How {@link runTools} goes about its calls. */
export interface RunToolsOptions {
  /** The turn of the conversation, for the timeline. */
  readonly turn?: number
  /** Calls at work at one time; 100 unless said. */
  readonly maxParallel?: number
  /** Units of the pools that tools take from. */
  readonly pools?: Readonly<Record<string, number>>
}

/** How a turn of tool calls went. */
export interface ToolReport {
  readonly calls: number
}

/** What became of a turn of tool calls. */
export interface ToolRun {
  /** One per call, in the order of the calls. */
  readonly results: readonly ToolMessage[]
  readonly report: ToolReport
}

/**
 * Runs the calls of one turn, and returns one result per call, in the order of the calls. A call that cannot be run, is
 * denied or fails has a result that says so in words for the model. Call ids are unique within a run. Rejects only when
 * the run itself ends.
 */
export async function runTools(
  ctx: ToolStage,
  tools: Toolset | readonly Tool[],
  calls: readonly ToolRequest[],
  options: RunToolsOptions = {},
): Promise<ToolRun> {
  const known = tools instanceof Map ? (tools as Toolset) : toolset(tools as readonly Tool[])
  const results = await Promise.all(calls.map((call) => answer(ctx, known, call, options.turn)))
  return { results, report: { calls: calls.length } }
}

async function answer(ctx: ToolStage, tools: Toolset, call: ToolCall, turn: number | undefined): Promise<ToolMessage> {
  try {
    const tool = tools.get(call.name)
    if (tool === undefined) throw unknownTool(tools, call.name)
    const args = parseWith(tool.input, call.arguments, 'tool.invalid_arguments', `arguments of ${tool.name}`)
    if (needsApproval(tool, args)) await awaitApproval(ctx, tool, call)
    const { name, effect, retry, timeoutMs, reconcile, output } = tool
    const meta = { kind: 'tool', tool: name, callId: call.id, ...(turn === undefined ? {} : { turn }) } as const
    const returned = tool.definition
      ? await ctx.child(tool.definition, call.id, args)
      : await ctx.step(`tool:${name}`, { effect, retry, timeoutMs, reconcile, meta }, (attempt) =>
          attempt.call.tools.run(tool, args, attempt, call.id),
        )
    const checked = output ? parseWith(output, returned, 'tool.invalid_output', `result of ${name}`) : returned
    // What a step returns came out of the log: it is JSON.
    return { role: 'tool', callId: call.id, tool: name, result: checked as Json }
  } catch (thrown) {
    if (isRunEnding(ctx, thrown)) throw thrown
    const { code, message } = toErrorData(thrown, 'tool.failed')
    return { role: 'tool', callId: call.id, tool: call.name, result: { error: { code, message } }, isError: true }
  }
}

function unknownTool(tools: Toolset, name: string): MeepoError {
  const known = [...tools.keys()].join(', ') || 'none'
  return new MeepoError('tool.unknown', `there is no tool ${JSON.stringify(name)}; the tools are: ${known}`)
}
