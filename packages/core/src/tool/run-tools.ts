import type { ErrorData } from '../base/errors.ts'
import type { Progress } from '../run/context.ts'
import { failure, perform, readArguments, toolOf, type CallEnd, type ToolMessage, type ToolStage } from './answer.ts'
import { clipped } from './clip.ts'
import type { ToolRequest } from './order.ts'
import { findReferences } from './references.ts'
import { reportCalls, type CallSpan, type ToolReport } from './report.ts'
import type { ResultLimits } from './result-room.ts'
import { toolset, type Tool, type Toolset } from './tool.ts'
import { Turn } from './turn.ts'

/** How {@link runTools} goes about its calls. */
export interface RunToolsOptions {
  /** The turn of the conversation, for the timeline. */
  readonly turn?: number
  /** Calls at work at one time; 100 unless said. */
  readonly maxParallel?: number
  /** How much there is of the pools that tools take from, for this turn. */
  readonly pools?: Readonly<Record<string, number>>
  /** How much of the results is kept, in characters: longer ones are cut, with a note. All of it unless said. */
  readonly maxChars?: ResultLimits
}

/** What became of a turn of tool calls. */
export interface ToolRun {
  /** One per call, in the order of the calls. */
  readonly results: readonly ToolMessage[]
  /** Why calls failed, by call id, with all that their results do not tell a model: causes, details, whether to try again. */
  readonly errors: ReadonlyMap<string, ErrorData>
  /** How the turn went. Computed when first asked for. */
  readonly report: ToolReport
}

/**
 * Runs the calls of one turn, and returns one result per call, in the order of the calls. Calls run in parallel, except
 * where their tools or they themselves say otherwise; arguments may take results of other calls (`{ "$result": "<call id or
 * tool>", "path": "a.b.0" }`). A call that cannot be run, is denied or fails has a result that says so in words for the
 * model. Call ids are unique within a run. A turn that takes time and has several calls tells the stream how it went.
 * Rejects only when the run itself ends.
 *
 * @example
 * const { results } = await runTools(ctx, [search, read], [
 *   { id: 'a', name: 'search', arguments: { text: 'boats' } },
 *   { id: 'b', name: 'read', arguments: { url: { $result: 'a', path: 'urls.0' } } },
 * ])
 */
export function runTools(
  ctx: ToolStage,
  tools: Toolset | readonly Tool[],
  calls: readonly ToolRequest[],
  options: RunToolsOptions = {},
): Promise<ToolRun> {
  if (!isToolset(tools)) return runListed(ctx, tools, calls, options)
  const [only] = calls
  if (only && calls.length === 1 && isPlain(tools, only, options)) return runOne(ctx, tools, only, options)
  return runTurn(ctx, tools, calls, options)
}

/** Tools that make no sense together are a rejection, like everything else that goes wrong. */
async function runListed(
  ctx: ToolStage,
  tools: readonly Tool[],
  calls: readonly ToolRequest[],
  options: RunToolsOptions,
): Promise<ToolRun> {
  return runTools(ctx, toolset(tools), calls, options)
}

function isToolset(tools: Toolset | readonly Tool[]): tools is Toolset {
  return !Array.isArray(tools)
}

/** A single call that waits for nothing needs no schedule. */
function isPlain(tools: Toolset, call: ToolRequest, { pools }: RunToolsOptions): boolean {
  if (pools !== undefined || call.after !== undefined) return false
  if (call.isLiteral !== true && findReferences(call.arguments).length > 0) return false
  const approval = tools.get(call.name)?.approval
  return approval === undefined || approval === 'never'
}

/** Not an async function: one promise around that of the call is enough. */
function runOne(
  ctx: ToolStage,
  tools: Toolset,
  call: ToolRequest,
  { turn, maxChars }: RunToolsOptions,
): Promise<ToolRun> {
  const startedAt = ctx.now()
  let tool: Tool
  let args: unknown
  try {
    tool = toolOf(tools, call.name)
    args = readArguments(tool, call.arguments)
  } catch (thrown) {
    return Promise.resolve(new SingleRun(call, kept(failure(call, thrown), maxChars), 'refused', startedAt, ctx.now()))
  }
  return perform(ctx, tool, call, args, turn).then(
    (end) => new SingleRun(call, kept(end, maxChars), 'ran', startedAt, ctx.now()),
  )
}

function kept(end: CallEnd, limits: ResultLimits | undefined): CallEnd {
  return limits ? { ...end, message: clipped(end.message, Math.min(limits.each, limits.turn)) } : end
}

/** Most turns are one call, and nobody asks how they went. */
class SingleRun implements ToolRun {
  readonly results: readonly ToolMessage[]
  readonly errors: ReadonlyMap<string, ErrorData>
  readonly #call: ToolRequest
  readonly #by: string
  readonly #kind: CallSpan['kind']
  readonly #startedAt: number
  readonly #endedAt: number

  constructor(call: ToolRequest, end: CallEnd, kind: CallSpan['kind'], startedAt: number, endedAt: number) {
    const { message, by } = end
    this.results = [message]
    this.errors = end.error ? errorsOf([end]) : noErrors
    this.#call = call
    this.#by = by
    this.#kind = kind
    this.#startedAt = startedAt
    this.#endedAt = endedAt
  }

  get report(): ToolReport {
    const { id, name } = this.#call
    const span: CallSpan = {
      callId: id,
      tool: this.#by,
      kind: this.#kind,
      ok: this.results[0]?.isError !== true,
      fellBack: this.#by !== name,
      readyAt: this.#startedAt,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt,
      approvalMs: 0,
    }
    return reportCalls([span], { waitsFor: [[]], slotsOf: () => 1 })
  }
}

const noErrors: ReadonlyMap<string, ErrorData> = new Map()

function errorsOf(ends: readonly CallEnd[]): ReadonlyMap<string, ErrorData> {
  const errors = new Map<string, ErrorData>()
  for (const { message, error } of ends) if (error) errors.set(message.callId, error)
  return errors
}

async function runTurn(
  ctx: ToolStage,
  tools: Toolset,
  calls: readonly ToolRequest[],
  options: RunToolsOptions,
): Promise<ToolRun> {
  const beganAt = ctx.now()
  const turn = new Turn(ctx, tools, calls, options)
  await turn.run()
  let report: ToolReport | undefined
  const ends = turn.ends()
  const run = {
    results: ends.map(({ message }) => message),
    errors: errorsOf(ends),
    get report() {
      report ??= reportCalls(turn.spans(), {
        waitsFor: turn.order.jobs.map(({ waitsFor }) => waitsFor),
        slotsOf: (tool) => Math.min(turn.maxParallel, tools.get(tool)?.concurrency ?? Number.POSITIVE_INFINITY),
      })
      return report
    },
  }
  if (calls.length > 1 && ctx.now() > beganAt) ctx.report(progressOf(run.report))
  return run
}

/** What the stream is told of a turn: a line for people, and its figures. */
function progressOf(report: ToolReport): Progress {
  const { calls, failed, coalesced, fellBack, wallMs, busyMs, parallelism, speedUp, maxAtOnce, maxWaiting } = report
  const failures = failed > 0 ? `, ${failed} failed` : ''
  return {
    message: `${calls} tool calls in ${wallMs} ms, ${speedUp} times as fast as one by one${failures}`,
    details: {
      tools: {
        calls,
        failed,
        coalesced,
        fellBack,
        wallMs,
        busyMs,
        parallelism,
        speedUp,
        maxAtOnce,
        maxWaiting,
        criticalPathMs: report.criticalPath.ms,
      },
    },
  }
}
