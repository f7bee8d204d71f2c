// The run behind a session: it waits for the next message, answers it, and waits again. There is one such run per
// session and a run has one owner, so a session has one writer, whoever sends and from wherever.
//
// S1 Messages are taken up in the order of their numbers; those that steer enter the answer under way.
// S2 Each message is settled once: by an answer or an error, in a report that names all messages it settles.
// S3 A failed answer leaves the conversation whole: the next message goes on from there.

import { MeepoError, toErrorData } from '../../base/errors.ts'
import { guardSchema, type Schema } from '../../base/schema.ts'
import type { Json } from '../../base/json.ts'
import type { RunContext } from '../../run/context.ts'
import { define, type Definition } from '../../run/definition.ts'
import { isRunEnding } from '../../run/run-ending.ts'
import type { Agent } from '../agent.ts'
import { conversationSize } from '../compaction.ts'
import { answerIn } from '../loop.ts'
import { isContinued, type AgentState, type Continued } from '../segment.ts'
import { Talk } from '../talk.ts'
import { Mailbox, type MailboxState } from './mailbox.ts'
import type { Settlement } from './message.ts'

/** What a session begins with: nothing, or what another session had come to. */
export interface SessionStart {
  readonly from?: { readonly sessionId: string; readonly message: number }
  readonly conversation?: AgentState
}

/** What a session knows between two segments. */
interface SessionState extends MailboxState {
  readonly conversation: AgentState
  /** The messages that are being answered. */
  readonly answering?: readonly number[]
}

/** Where a session stands after an answer. */
export interface Settled {
  readonly message: number
  readonly conversation: AgentState
}

/** A session may be active for thirty days in all: each answer has limits of its own. */
const activeMs = 2_592_000_000
/** A segment ends between two messages after so many of them, or so many turns … */
const segmentMessages = 100
const segmentTurns = 100
/** … or when what it holds is larger than this, and twice as large as the state it would be replaced by. */
const segmentChars = 65_536

const startSchema: Schema<SessionStart> = guardSchema(
  (value): value is SessionStart => typeof value === 'object' && value !== null && !Array.isArray(value),
  'the start of a session',
  { type: 'object' },
)

const nothingSaid: AgentState = { messages: [], turn: 0, repairs: 0 }

/** The definition behind the sessions of an agent. `onSettled` is told of each answer, also on replay. */
export function sessionDefinition(
  agent: Agent,
  onSettled?: (settled: Settled) => void,
): Definition<SessionStart, unknown> {
  const { name, version, limits, fallbackLimits, segmentCalls } = agent
  return {
    ...define({
      name: `${name}.session`,
      version,
      input: startSchema,
      limits: { ...limits, activeMs },
      ...(fallbackLimits ? { fallbackLimits } : {}),
      ...(segmentCalls === undefined ? {} : { segmentCalls }),
      run: (ctx, input: SessionStart) => runSession(agent, ctx, input, onSettled),
    }),
    get uses() {
      return agent.uses ?? []
    },
  }
}

async function runSession(
  agent: Agent,
  ctx: RunContext,
  input: SessionStart | Continued<SessionState>,
  onSettled: ((settled: Settled) => void) | undefined,
): Promise<never> {
  const state = isContinued<SessionState>(input) ? input.$continued : begin(input)
  const talk = new Talk(agent, state.conversation, true)
  const mailbox = new Mailbox(ctx, state, (number, error) => {
    settle(ctx, { messages: [number], error: dataOf(error), isRefused: true })
  })
  const cut = async (answering?: readonly number[]): Promise<never> => {
    const mail = await mailbox.close()
    const conversation = talk.state()
    return ctx.continueWith<Continued<SessionState>>({
      $continued: { conversation, ...mail, ...(answering ? { answering } : {}) },
    })
  }
  const turnsBefore = talk.turn
  let answering = state.answering ? [...state.answering] : []
  for (let answered = 0; ; answered++) {
    if (answering.length === 0) {
      if (isLong(ctx, talk, { answered, turns: talk.turn - turnsBefore })) await cut()
      const message = await mailbox.take()
      talk.beginAnswer()
      talk.hear(message.text)
      answering = [message.number]
    }
    settle(ctx, await answer(ctx, talk, mailbox, answering, cut))
    onSettled?.({ message: Math.max(...answering), conversation: talk.state() })
    answering = []
  }
}

function begin({ conversation = nothingSaid }: SessionStart): SessionState {
  return { conversation, next: 1, waiting: [] }
}

/** Answers the messages; `answering` grows by those that steer. */
async function answer(
  ctx: RunContext,
  talk: Talk,
  mailbox: Mailbox,
  answering: number[],
  cut: (answering: readonly number[]) => Promise<never>,
): Promise<Settlement> {
  const before = (): void => {
    for (const { number, text } of mailbox.takeSteering()) {
      talk.hear(text)
      answering.push(number)
    }
  }
  try {
    return { messages: answering, answer: await answerIn(ctx, talk, { before, cut: () => cut(answering) }) }
  } catch (thrown) {
    if (isRunEnding(ctx, thrown) || isOwnBudget(ctx, thrown)) throw thrown
    return { messages: answering, error: dataOf(thrown) }
  }
}

/** A session without money ends, so that it can be resumed with more. Other budgets refill by themselves. */
function isOwnBudget({ runId }: RunContext, thrown: unknown): boolean {
  return MeepoError.is(thrown) && thrown.code === 'budget.exceeded' && thrown.details?.['scope'] === `run:${runId}`
}

function settle(ctx: RunContext, settlement: Settlement): void {
  // Answers came out of a step or of the agent's own schema: they are JSON, or cannot be recorded at all.
  ctx.report({ partial: settlement as unknown as Json })
}

function dataOf(thrown: unknown): { code: string; message: string } {
  const { code, message } = toErrorData(thrown)
  return { code, message }
}

/** What a segment leaves behind is written once more at its end: it has to be worth it. */
function isLong(ctx: RunContext, talk: Talk, { answered, turns }: { answered: number; turns: number }): boolean {
  if (answered === 0) return false
  if (answered >= segmentMessages || turns >= segmentTurns) return true
  const { segmentSize } = ctx
  return segmentSize >= segmentChars && segmentSize >= 2 * conversationSize(talk.messages)
}
