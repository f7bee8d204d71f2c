import { MeepoError } from '../base/errors.ts'
import { guardSchema, type Schema } from '../base/schema.ts'
import type { ToolCall } from '../model/model.ts'
import type { RunContext } from '../run/context.ts'
import type { Tool } from './tool.ts'

/** The value of the signal `approve:<callId>`. */
export interface ApprovalDecision {
  readonly approved: boolean
  /** Told to the model. */
  readonly reason?: string | undefined
}

const decisionSchema: Schema<ApprovalDecision> = guardSchema(isDecision, '{ approved: boolean, reason?: text }', {
  type: 'object',
  properties: { approved: { type: 'boolean' }, reason: { type: 'string' } },
  required: ['approved'],
})

const defaultTimeoutMs = 86_400_000

function isDecision(value: unknown): value is ApprovalDecision {
  if (typeof value !== 'object' || value === null) return false
  if (!('approved' in value) || typeof value.approved !== 'boolean') return false
  return !('reason' in value) || typeof value.reason === 'string'
}

/** The name of the signal that decides a call. */
export function approvalSignal(callId: string): string {
  return `approve:${callId}`
}

/** True when a person must agree to a call with these arguments. */
export function needsApproval(tool: Tool, args: unknown): boolean {
  const { approval = 'never' } = tool
  return typeof approval === 'function' ? approval(args) : approval === 'always'
}

/** The name of the signal that decides a fallback of a call: its approval is one of its own. */
export function fallbackSignal(callId: string, tool: string): string {
  return `approve:${callId}/${tool}`
}

/**
 * Asks a person and waits, outside any step: a waiting run costs nothing. Resolves when approved; rejects with
 * `tool.denied` on no and on a malformed answer. When nobody answers in time the tool's `approvalDefault` decides, which
 * the question says.
 */
export async function awaitApproval(
  ctx: Pick<RunContext, 'report' | 'signalled' | 'now'>,
  tool: Tool,
  call: ToolCall,
  signal: string = approvalSignal(call.id),
): Promise<void> {
  const { approvalTimeoutMs: timeoutMs = defaultTimeoutMs, approvalDefault = 'deny' } = tool
  ctx.report({
    message: `${tool.name} waits for approval`,
    details: {
      signal,
      tool: tool.name,
      callId: call.id,
      arguments: call.arguments,
      answerBy: ctx.now() + timeoutMs,
      whenNobodyAnswers: approvalDefault,
    },
  })
  const decision = await ctx
    .signalled(signal, { timeoutMs, schema: decisionSchema })
    .catch((thrown: unknown): ApprovalDecision => {
      if (!MeepoError.is(thrown)) throw thrown
      if (thrown.code === 'signal.timeout') {
        if (approvalDefault === 'approve') return { approved: true }
        throw denied(tool, `nobody answered within ${timeoutMs} ms`)
      }
      if (thrown.code === 'input.invalid') throw denied(tool, 'the answer was malformed')
      throw thrown
    })
  if (!decision.approved) throw denied(tool, decision.reason ?? 'no reason given')
}

function denied(tool: Tool, why: string): MeepoError {
  return new MeepoError('tool.denied', `the call of ${tool.name} was denied: ${why}`)
}
