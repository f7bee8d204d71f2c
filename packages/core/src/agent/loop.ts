// The agent loop: one turn is a model step, then the tool calls it asked for. Invariant: when the model is called,
// every tool call of the conversation has exactly one result.

import { MeepoError } from '../base/errors.ts'
import type { Message, ModelCall, ModelRequest, ModelResponse } from '../model/model.ts'
import type { Attempt, RunContext } from '../run/context.ts'
import { runToolCalls } from '../tool/run-tool-calls.ts'
import type { Toolset } from '../tool/tool.ts'
import type { Agent } from './agent.ts'
import { readAnswer, repairText } from './answer.ts'
import { assistantMessage, callIds, withUniqueIds } from './conversation.ts'
import { isContinued, isSegmentFull, type AgentState, type Continued, type SegmentCount } from './segment.ts'

/** How often an answer that does not match the schema is sent back. */
const maxRepairs = 2

/** What all runs of an agent share. */
export interface Prepared {
  readonly tools: Toolset
  /** Everything of a request but the messages. */
  readonly request: Omit<ModelRequest, 'messages'>
}

/** Runs an agent to its final answer, from the beginning or from the state of its last segment. */
export async function runAgent<I, O>(
  agent: Agent<I, O>,
  prepared: Prepared,
  ctx: RunContext,
  input: I | Continued,
): Promise<O> {
  const state = isContinued(input) ? input.$continued : begin(agent.prompt(input))
  const messages: Message[] = [{ role: 'system', text: agent.instructions }, ...state.messages]
  const request: ModelRequest = { ...prepared.request, messages }
  const maxTurns = ctx.limits.maxTurns ?? agent.maxTurns
  const takenIds = callIds(messages)
  const count: SegmentCount = { turns: 0, steps: 0 }
  let { turn, repairs } = state

  for (;;) {
    if (turn >= maxTurns) throw turnLimit(turn)
    turn++
    const before = messages.length
    const response = await askModel(agent, ctx, request, { turn, maxTurns })
    if (response.finish === 'content-filter') throw filtered(response)
    const calls = withUniqueIds(response.toolCalls, takenIds, turn)
    messages.push(assistantMessage(response, calls))
    if (calls.length > 0) {
      messages.push(...(await runToolCalls(ctx, prepared.tools, calls, { turn })))
    } else {
      const answer = readAnswer(agent.output, response)
      if (answer.kind === 'final') return answer.value
      if (++repairs > maxRepairs) throw answer.error
      messages.push({ role: 'user', text: repairText(answer.error) })
    }
    count.turns++
    count.steps += messages.length - before
    if (isSegmentFull(count, ctx.segmentSize)) await continueWith(ctx, { messages: messages.slice(1), turn, repairs })
  }
}

function begin(prompt: string): AgentState {
  return { messages: [{ role: 'user', text: prompt }], turn: 0, repairs: 0 }
}

function continueWith(ctx: RunContext, state: AgentState): Promise<never> {
  return ctx.continueWith<Continued>({ $continued: state })
}

function askModel<I, O>(
  agent: Agent<I, O>,
  ctx: RunContext,
  request: ModelRequest,
  progress: { readonly turn: number; readonly maxTurns: number },
): Promise<ModelResponse> {
  const { model, retry, timeoutMs } = agent
  const meta = { kind: 'model', model: typeof model === 'string' ? model : model.id, ...progress } as const
  return ctx.step('model', { effect: 'idempotent', isPaid: true, retry, timeoutMs, meta }, (attempt) =>
    callModel(model, request, attempt),
  )
}

function callModel(model: Agent['model'], request: ModelRequest, attempt: Attempt): Promise<ModelResponse> {
  const target = typeof model === 'string' ? attempt.call.models.resolve(model) : model
  return target.call(request, new AttemptCall(attempt)).then((response) => {
    attempt.addUsage(response.usage)
    return response
  })
}

/** What the model may use of an attempt. Abort signals are made when somebody asks: most models never do. */
class AttemptCall implements ModelCall {
  readonly #attempt: Attempt

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  get attemptId(): string {
    return this.#attempt.id
  }

  get idempotencyKey(): string {
    return this.#attempt.idempotencyKey
  }

  get onText(): ((delta: string) => void) | undefined {
    return this.#attempt.preview
  }
}

function turnLimit(turns: number): MeepoError {
  return new MeepoError('agent.turn_limit', `no final answer after ${turns} turns`, { details: { turns } })
}

function filtered(response: ModelResponse): MeepoError {
  return new MeepoError('model.content_filter', `${response.model} stopped at its content filter`)
}
