// How the work of a task is begun in the log: a step, a child, a tool call, a signal or a sleep.

import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { askedLimits } from '../engine/asked-limits.ts'
import type { RunContext } from '../run/context.ts'
import type { Task } from '../run/task.ts'
import { runTools } from '../tool/run-tools.ts'
import { toolset, type Tool, type Toolset } from '../tool/tool.ts'
import type { AnyTask, TaskWork } from './task.ts'
import type { TaskView } from './task-view.ts'
import { ToolScope } from './tool-scope.ts'

/** Work that is under way. */
export type OpenWork = Task<unknown> | ToolCallWork

/** A tool call that is under way. */
interface ToolCallWork extends Promise<unknown> {
  readonly scope: ToolScope
}

/** One try of a task, as it is to be begun. */
export interface WorkOrder {
  /** What is done. */
  readonly acting: AnyTask
  readonly taskId: string
  /** Names the try in the log, unique in the run. */
  readonly name: string
  readonly input: unknown
  /** Which item and round: follows the name of a signal. */
  readonly suffix: string
  view(): TaskView
}

/** Begins it. May throw, as calls of the context do. */
export function openWork(ctx: RunContext, order: WorkOrder): OpenWork {
  const { acting, name, input } = order
  const { work } = acting
  switch (work.kind) {
    case 'function': {
      const { run, effect } = work
      const meta = { kind: 'task', task: order.taskId } as const
      const settings = stepSettings(acting)
      // Most tasks have none, and a spread costs more than the rest.
      const options = settings ? { effect, meta, ...settings } : { effect, meta }
      return ctx.step(name, options, (attempt) => run(input, attempt))
    }
    case 'definition':
      return ctx.child(work.definition, name, input, childOptions(acting))
    case 'tool':
      return callTool(ctx, work.tool, order)
    case 'signal':
      return waitForSignal(ctx, work, order)
    case 'timer':
      return ctx.sleep(typeof work.ms === 'number' ? work.ms : work.ms(order.view()))
  }
}

/** Asks work to end early; its outcome follows. */
export function cancelWork(ctx: RunContext, open: OpenWork, reason: string): void {
  if ('scope' in open) open.scope.cancel(reason)
  else void ctx.cancel(open, reason)
}

function stepSettings({ retry, timeoutMs }: AnyTask): Pick<AnyTask, 'retry' | 'timeoutMs'> | undefined {
  // Most tasks say neither.
  if (retry === undefined && timeoutMs === undefined) return undefined
  return { ...(retry ? { retry } : {}), ...(timeoutMs === undefined ? {} : { timeoutMs }) }
}

function childOptions({ priority, budget }: AnyTask): Parameters<RunContext['child']>[3] {
  if (priority === undefined && budget === undefined) return undefined
  return { ...(priority === undefined ? {} : { priority }), limits: askedLimits({ budget }) }
}

function waitForSignal(
  ctx: RunContext,
  { name, schema }: Extract<TaskWork, { kind: 'signal' }>,
  { suffix, acting: { timeoutMs } }: WorkOrder,
): Task<unknown> {
  return ctx.signalled(`${name}${suffix}`, {
    ...(schema ? { schema } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  })
}

function callTool(ctx: RunContext, tool: Tool, { acting, name, input }: WorkOrder): ToolCallWork {
  const scope = new ToolScope(ctx)
  // The tool checks its arguments itself.
  const calls = [{ id: name, name: tool.name, arguments: input as Json, isLiteral: true }] as const
  const outcome = runTools(scope, toolsOf(acting, tool), calls).then(({ results: [message], errors }) => {
    for (const error of errors.values()) throw MeepoError.fromData(error)
    return message?.result
  })
  return Object.assign(outcome, { scope })
}

const toolsets = new WeakMap<AnyTask, Toolset>()

/** The tool as the task wants it; the same one for all its calls. */
function toolsOf(task: AnyTask, tool: Tool): Toolset {
  let tools = toolsets.get(task)
  if (tools === undefined) {
    const isAsItIs = task.retry === undefined && task.timeoutMs === undefined
    tools = toolset([isAsItIs ? tool : { ...tool, ...stepSettings(task) }])
    toolsets.set(task, tools)
  }
  return tools
}
