import { MeepoError } from '../base/errors.ts'
import type { ModelRequest } from '../model/model.ts'
import type { RunContext } from '../run/context.ts'
import { totalTokens } from '../base/usage.ts'
import { askModel } from './ask-model.ts'
import {
  conversationSize,
  cutForSummary,
  summaryInstructions,
  transcript,
  trimResults,
  withSummary,
  type CompactionRule,
  type SummaryCut,
  type SummaryRule,
} from './compaction.ts'
import { scale, tokensNow, windowOf } from './fill.ts'
import type { Talk } from './talk.ts'

/** How large a conversation is to be, in characters. */
interface Aim {
  readonly goal: number
  readonly most: number
}

/** True when the next call would fill the window more than it should. */
export function isTight(talk: Talk): boolean {
  const { compaction } = talk.speaker
  if (compaction === false) return false
  const { at = 0.8, windowTokens } = compaction
  return tokensNow(talk.fill) > at * windowOf(talk.fill, windowTokens)
}

/**
 * Makes the conversation smaller: results go first, oldest first; then a model sums up older turns; then results of the
 * newest turns go as well. Rejects with `agent.context_full` when that is not enough. `refusal`: the model itself found
 * the conversation too long, whatever was counted.
 */
export async function makeRoom(ctx: RunContext, talk: Talk, refusal?: MeepoError): Promise<void> {
  const { compaction } = talk.speaker
  if (compaction === false) throw refusal ?? full()
  const before = conversationSize(talk.messages)
  const tokensBefore = tokensNow(talk.fill)
  const aim = aimOf(talk, compaction, before, refusal !== undefined)
  const keepTurns = compaction.keepTurns ?? 4
  let trimmed = trimResults(talk.messages, aim.goal, keepTurns)
  let removed = trimmed.removed
  const shrink = (keep: number): void => {
    trimmed = trimResults(trimmed.messages, aim.goal, keep)
    removed += trimmed.removed
  }
  if (trimmed.size > aim.goal) shrink(Math.ceil(keepTurns / 2))
  let isSummed = false
  if (trimmed.size > aim.goal && compaction.summarise !== false) {
    const rule = typeof compaction.summarise === 'object' ? compaction.summarise : {}
    const cut = cutForSummary(trimmed.messages, keepTurns) ?? cutForSummary(trimmed.messages, 1)
    if (cut) {
      const summary = await summarise(ctx, talk, rule, cut, aim.most)
      talk.forget()
      isSummed = true
      trimmed = trimResults(withSummary(cut, summary), Number.POSITIVE_INFINITY, 0)
    }
  }
  for (const keep of [1, 0]) if (trimmed.size > aim.most) shrink(keep)
  if (trimmed.size > aim.most) throw refusal && trimmed.size === before ? refusal : full(refusal)
  talk.replace(trimmed.messages)
  scale(talk.fill, before, trimmed.size)
  ctx.report({
    message: 'the conversation was made smaller',
    details: {
      compaction: { turn: talk.turn, removed, isSummed, tokensBefore, tokensAfter: tokensNow(talk.fill) },
    },
  })
}

function aimOf(
  talk: Talk,
  { at = 0.8, to = Math.min(0.5, at), windowTokens }: CompactionRule,
  size: number,
  isForced: boolean,
): Aim {
  // What was counted is wrong: all that is certain is that it must become smaller.
  if (isForced) return { goal: size * 0.5, most: size * 0.8 }
  const perToken = size / Math.max(1, tokensNow(talk.fill))
  const window = windowOf(talk.fill, windowTokens)
  return { goal: to * window * perToken, most: at * window * perToken }
}

async function summarise(
  ctx: RunContext,
  talk: Talk,
  rule: SummaryRule,
  cut: SummaryCut,
  limit: number,
): Promise<string> {
  const { speaker } = talk
  const { model = speaker.model, instructions = summaryInstructions } = rule
  const request: ModelRequest = {
    messages: [
      { role: 'system', text: instructions },
      { role: 'user', text: transcript(cut.old, limit) },
    ],
    ...(speaker.routing ? { routing: speaker.routing } : {}),
  }
  const { retry, timeoutMs } = speaker
  const meta = { kind: 'task', task: 'compact', turn: talk.turnsTaken, ...talk.agentMeta } as const
  const response = await askModel(ctx, { name: 'compact', model, retry, timeoutMs, meta }, request)
  talk.tokens += totalTokens(response.usage)
  if (response.text.trim() === '') throw full()
  return response.text
}

function full(cause?: MeepoError): MeepoError {
  return new MeepoError('agent.context_full', 'the conversation does not fit into the window of the model', { cause })
}
