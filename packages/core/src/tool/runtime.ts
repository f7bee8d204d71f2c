import type { Machine } from '../base/ports.ts'
import type { Attempt } from '../run/context.ts'
import type { ToolHost } from '../run/tool-host.ts'
import { AttemptToolCall } from './tool-call.ts'
import type { Tool } from './tool.ts'

/** How a {@link ToolRuntime} is made. */
export interface ToolRuntimeOptions extends Pick<Machine, 'scheduler'> {}

/** Makes what the tools of one process share. */
export function createToolRuntime(options: ToolRuntimeOptions): ToolRuntime {
  return new ToolRuntime(options)
}

/** What the tools of one process share. */
export class ToolRuntime implements ToolHost {
  constructor(_options: ToolRuntimeOptions) {}

  run(tool: Tool, args: unknown, attempt: Attempt, callId: string): Promise<unknown> {
    return Promise.resolve(tool.run?.(args, new AttemptToolCall(attempt, callId)))
  }
}
