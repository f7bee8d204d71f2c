import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { Machine } from '../base/ports.ts'
import type { CallAccount } from '../model/account.ts'
import type { Progress } from '../run/context.ts'
import type { ApprovalDecision } from './approval.ts'
import { LocalStage } from './local-stage.ts'
import type { ToolRequest } from './order.ts'
import { runTools, type RunToolsOptions, type ToolRun } from './run-tools.ts'
import { createToolRuntime, type ToolRuntime } from './runtime.ts'
import { toolset, type Tool, type Toolset } from './tool.ts'

/** How a {@link ToolExecutor} is made. */
export interface ToolExecutorOptions extends Pick<Machine, 'scheduler' | 'random'> {
  readonly tools?: readonly Tool[]
  /** What the tools share; of its own unless said. */
  readonly runtime?: ToolRuntime
  /** `default` unless said. */
  readonly tenant?: string
  /** Who pays for tools with a price; without, nobody keeps books. */
  readonly account?: CallAccount
  /** Decides a call that needs a person, by the signal `approve:<callId>`. Without, such calls fail. May reject. */
  readonly approve?: (signal: string) => Promise<ApprovalDecision>
  /** Hears what a run would tell its stream. Must not throw. */
  readonly onProgress?: (progress: Progress) => void
  /** Hears what tools preview. Must not throw. */
  readonly onText?: (callId: string, delta: string) => void
}

/** A call for an executor, which gives it an id (`call-1`, by its place) unless it has one. */
export type ExecutorCall = Omit<ToolRequest, 'id'> & { readonly id?: string }

/** What one set of calls may choose. */
export interface ExecuteOptions extends Omit<RunToolsOptions, 'turn'> {
  /** Aborts calls that are at work; the promise rejects with its reason. What they had done stays done. */
  readonly signal?: AbortSignal
}

/** Runs tools without an agent and without an engine. Nothing is recorded. */
export interface ToolExecutor {
  /** Makes tools known; two of one name are `definition.invalid`. */
  register(...tools: readonly Tool[]): void
  /** Runs calls that may wait for each other and take each other's results. See {@link runTools}. */
  run(calls: readonly ExecutorCall[], options?: ExecuteOptions): Promise<ToolRun>
  /** Runs one call. Rejects with its error. */
  call(name: string, args: Json, options?: ExecuteOptions): Promise<Json>
}

/**
 * Makes an executor.
 * @example
 * const executor = createToolExecutor({ ...machine, tools: [search, read] })
 * await executor.run([
 *   { id: 'found', name: 'search', arguments: { text: 'boats' } },
 *   { name: 'read', arguments: { url: { $result: 'found', path: 'urls.0' } } },
 * ])
 */
export function createToolExecutor(options: ToolExecutorOptions): ToolExecutor {
  const { scheduler, random, account, approve, onProgress, onText, tenant = 'default' } = options
  const tools = options.runtime ?? createToolRuntime({ scheduler })
  const registered: Tool[] = [...(options.tools ?? [])]
  let known: Toolset = toolset(registered)

  const run = ({ signal, ...rest }: ExecuteOptions, calls: readonly ToolRequest[]): Promise<ToolRun> => {
    const stage = new LocalStage({
      scheduler,
      random,
      tools,
      tenant,
      signal: signal ?? new AbortController().signal,
      ...(account && { account }),
      ...(approve && { answer: async (name: string) => ({ ...(await approve(name)) }) }),
      ...(onProgress && { onProgress }),
      ...(onText && { onText }),
    })
    return runTools(stage, known, calls, rest)
  }

  return {
    register: (...more) => {
      known = toolset([...registered, ...more])
      registered.push(...more)
    },
    run: (calls, given = {}) =>
      run(
        given,
        calls.map((call, place) => ({ ...call, id: call.id ?? `call-${place + 1}` })),
      ),
    call: async (name, args, given = {}) => {
      const { results, errors } = await run(given, [{ id: 'call-1', name, arguments: args }])
      for (const error of errors.values()) throw MeepoError.fromData(error)
      // One call, one result.
      return results[0]!.result
    },
  }
}
