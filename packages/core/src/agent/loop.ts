// The agent loop: one turn is a model step, then the tool calls it asked for. Invariant: when the model is called,
// every tool call of the conversation has exactly one result.

import { MeepoError } from '../base/errors.ts'
import type { CallAccount } from '../model/account.ts'
import type { Message, ModelCall, ModelRequest, ModelResponse } from '../model/model.ts'
import type { Attempt, RunContext } from '../run/context.ts'
import { defaultRetry } from '../run/retry.ts'
import { runTools } from '../tool/run-tools.ts'
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
      const { results } = await runTools(ctx, prepared.tools, calls, { turn })
      messages.push(...results)
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
  const { timeoutMs } = agent
  const meta = {
    kind: 'model',
    model: typeof agent.model === 'string' ? agent.model : agent.model.id,
    ...progress,
  } as const
  const model = findModel(agent.model, ctx)
  const announcesCalls = typeof model === 'object' && model.keepsBooks === true
  const retry = announcesCalls ? { ...(agent.retry ?? defaultRetry), codes: onlyInterrupted } : agent.retry
  const options = { effect: 'idempotent', isPaid: true, announcesCalls, retry, timeoutMs, meta } as const
  return ctx.step('model', options, (attempt) => callModel(model, request, attempt))
}

/** A model that announces its calls repeats them itself. Only an answer that broke off after it began is asked for anew. */
const onlyInterrupted: readonly string[] = ['model.interrupted']

/** The model if the name is known here; whoever calls it tells what is wrong with the name. */
function findModel(model: Agent['model'], ctx: RunContext): Agent['model'] {
  if (typeof model !== 'string') return model
  try {
    return ctx.models.resolve(model)
  } catch {
    return model
  }
}

function callModel(model: Agent['model'], request: ModelRequest, attempt: Attempt): Promise<ModelResponse> {
  const target = typeof model === 'string' ? attempt.call.models.resolve(model) : model
  return target.call(request, new AttemptCall(attempt)).then((response) => {
    attempt.addUsage(response.usage)
    return response
  })
}

/** What the model may use of an attempt. Abort signals and books are made when somebody asks: most models never do. */
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

  get account(): CallAccount {
    return this.#attempt.account
  }

  get priority(): number {
    return this.#attempt.call.priority
  }

  get deadlineAt(): number | undefined {
    return this.#attempt.call.deadlineAt
  }

  get earlierTries(): number {
    return this.#attempt.earlierTries
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
