import type { Attempt } from './context.ts'

/** A tool, as far as this folder knows. */
export interface HostedTool {
  readonly name: string
}

/**
 * Runs the bodies of tools. What the tools of one process share (caches, breakers, pools, batches, limits) is its
 * business: it happens inside of steps, so that only what came of it is recorded.
 */
export interface ToolHost {
  /** The body of one try. Rejects as the tool does, or with what kept the call from being made. */
  run(tool: HostedTool, args: unknown, attempt: Attempt, callId: string): Promise<unknown>
}
