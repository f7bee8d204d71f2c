// The agent loop: one turn is a model step, then the tool calls it asked for. Invariant: when the model is called,
// every tool call of the conversation has exactly one result.

import { MeepoError } from '../base/errors.ts'
import type { ModelResponse, ToolCall } from '../model/model.ts'
import type { RunContext } from '../run/context.ts'
import type { Task } from '../run/task.ts'
import type { ToolMessage } from '../tool/answer.ts'
import { runTools, type RunToolsOptions } from '../tool/run-tools.ts'
import type { Agent } from './agent.ts'
import { readAnswer, repairText } from './answer.ts'
import { askModel } from './ask-model.ts'
import { sizeOf } from '../tool/clip.ts'
import { decideHandoffs, type Handoff } from './handoff.ts'
import { isTight, makeRoom } from './make-room.ts'
import { asAny } from './prepared.ts'
import { progressHint } from './progress.ts'
import { isContinued, isSegmentFull, type AgentState, type Continued, type SegmentCount } from './segment.ts'
import { Talk } from './talk.ts'

/** How often an answer that does not match the schema is sent back. */
const maxRepairs = 2

/** Runs an agent to its final answer, from the beginning or from the state of its last segment. */
export function runAgent<I, O>(agent: Agent<I, O>, ctx: RunContext, input: I | Continued): Promise<O> {
  const root = asAny(agent)
  const talk = isContinued<AgentState>(input) ? new Talk(root, input.$continued) : Talk.begin(root, input)
  const cut = (): Promise<never> => ctx.continueWith<Continued>({ $continued: talk.state() })
  // The loop reads the answer with the output schema of the agent.
  return answerIn(ctx, talk, { cut }) as Promise<O>
}

/** What may happen between two turns. */
export interface TurnHooks {
  /** Called before each turn: may let the conversation hear more. */
  readonly before?: () => void
  /** The segment is full. Never comes back. */
  readonly cut: () => Promise<never>
}

/** Takes turns until there is a final answer. When it rejects, the conversation is whole: T1 holds. */
export async function answerIn(ctx: RunContext, talk: Talk, { before, cut }: TurnHooks): Promise<unknown> {
  const maxTurns = ctx.limits.maxTurns ?? talk.root.maxTurns
  const count: SegmentCount = { turns: 0, steps: 0 }
  for (;;) {
    before?.()
    checkLimits(talk, maxTurns)
    if (isTight(talk)) await makeRoom(ctx, talk)
    const length = talk.messages.length
    talk.turn++
    let response: ModelResponse
    try {
      response = await ask(ctx, talk, maxTurns)
    } catch (thrown) {
      if (!isTooLong(thrown)) throw thrown
      await makeRoom(ctx, talk, thrown)
      continue
    }
    if (response.finish === 'content-filter') throw filtered(response)
    const calls = talk.answered(response)
    if (calls.length > 0) {
      const size = ctx.segmentSize
      const { tools, handoffs } = talk.prepared
      const acted: Acted =
        handoffs.size === 0
          ? await runTools(ctx, tools, calls, turnOptions(talk))
          : await runAndHandOff(ctx, talk, calls)
      conclude(ctx, talk, calls, acted, size)
    } else {
      const answer = readAnswer(talk.root.output, response)
      if (answer.kind === 'final') return answer.value
      if (++talk.repairs > maxRepairs) throw answer.error
      talk.note(repairText(answer.error))
    }
    count.turns++
    count.steps += talk.messages.length - length
    if (isSegmentFull(count, ctx.segmentSize)) await cut()
  }
}

function checkLimits(talk: Talk, maxTurns: number): void {
  if (talk.turnsTaken >= maxTurns) throw turnLimit(talk.turnsTaken)
  const { maxTokens } = talk.root
  if (maxTokens !== undefined && talk.tokens >= maxTokens) throw tokenLimit(talk.tokens)
}

function ask(ctx: RunContext, talk: Talk, maxTurns: number): Task<ModelResponse> {
  const { model, retry, timeoutMs } = talk.speaker
  const meta = {
    kind: 'model',
    model: typeof model === 'string' ? model : model.id,
    turn: talk.turnsTaken,
    maxTurns,
    ...talk.agentMeta,
  } as const
  return askModel(ctx, { name: 'model', model, retry, timeoutMs, meta }, talk.request)
}

/** What became of the calls of a turn. */
interface Acted {
  readonly results: readonly ToolMessage[]
  readonly handoff?: Handoff | undefined
}

/** Takes in the results of a turn, and judges whether it led anywhere. `size`: of the segment before the turn. */
function conclude(
  ctx: RunContext,
  talk: Talk,
  calls: readonly ToolCall[],
  { results, handoff }: Acted,
  size: number,
): void {
  const { prepared, speaker } = talk
  let added = ctx.segmentSize - size
  // Equal calls share a step, and runs of their own have none: then the results are measured one by one.
  if (added > speaker.maxResultChars || calls.length > 1 || prepared.hasComposites) {
    added = results.reduce((sum, { result }) => sum + sizeOf(result), 0)
  }
  talk.took(results, added)
  if (handoff) passOn(ctx, talk, handoff)
  if (speaker.progress === false) return
  const verdict = talk.progress.took(calls, results, speaker.progress)
  if (verdict === 'stop') throw noProgress(talk)
  if (verdict === 'hint') talk.note(progressHint(speaker.progress.stopAfter ?? 6))
}

function turnOptions({ turnsTaken: turn, speaker }: Talk): RunToolsOptions {
  return { turn, maxChars: { each: speaker.maxResultChars, turn: speaker.maxTurnResultChars } }
}

async function runAndHandOff(ctx: RunContext, talk: Talk, calls: readonly ToolCall[]): Promise<Acted> {
  const { prepared, handoffs: taken, root } = talk
  const isHandoff = (call: ToolCall): boolean => prepared.handoffs.has(call.name)
  const asked = calls.filter(isHandoff)
  if (asked.length === 0) return runTools(ctx, prepared.tools, calls, turnOptions(talk))
  const others = calls.filter((call) => !isHandoff(call))
  const decided = decideHandoffs(prepared.handoffs, asked, { taken, most: root.maxHandoffs })
  const ran = others.length > 0 ? await runTools(ctx, prepared.tools, others, turnOptions(talk)) : { results: [] }
  const byCall = new Map([...decided.results, ...ran.results].map((message) => [message.callId, message]))
  // Each call is in one of the two.
  return { results: calls.map(({ id }) => byCall.get(id)!), handoff: decided.handoff }
}

function passOn(ctx: RunContext, talk: Talk, handoff: Handoff): void {
  const from = talk.speaker.name
  const to = handoff.target.name
  talk.handOff(handoff)
  ctx.report({
    message: `${from} hands the conversation to ${to}`,
    details: { handoff: { from, to, turn: talk.turn } },
  })
}

function isTooLong(thrown: unknown): thrown is MeepoError {
  return MeepoError.is(thrown) && thrown.code === 'model.context_length'
}

function turnLimit(turns: number): MeepoError {
  return new MeepoError('agent.turn_limit', `no final answer after ${turns} turns`, { details: { turns } })
}

function tokenLimit(tokens: number): MeepoError {
  return new MeepoError('agent.token_limit', `no final answer after ${tokens} tokens`, { details: { tokens } })
}

function noProgress(talk: Talk): MeepoError {
  const { turnsTaken: turns } = talk
  return new MeepoError(
    'agent.no_progress',
    `the same calls gave the same results again and again, up to turn ${turns}`,
    {
      details: { turns },
    },
  )
}

function filtered(response: ModelResponse): MeepoError {
  return new MeepoError('model.content_filter', `${response.model} stopped at its content filter`)
}
