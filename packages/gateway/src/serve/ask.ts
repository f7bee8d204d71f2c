import type {
  CallAccount,
  CallRouting,
  Message,
  ModelCall,
  ModelRequest,
  ModelResponse,
  Models,
  ModelSettings,
  ToolSpec,
} from '@meepo/core'

import { checkAsk } from './check-ask.ts'
import { Tab, type TabCost, type TabLine } from './tab.ts'

/** What is asked of a model without an agent. */
export interface AskOptions {
  /** `provider:model`, an alias or a route. */
  readonly model: string
  /** The question. Give this or `messages`. */
  readonly prompt?: string
  /** The conversation so far, ending with what is to be answered. */
  readonly messages?: readonly Message[]
  /** Put in front of either. */
  readonly system?: string
  /** Calls of them are returned, not made. */
  readonly tools?: readonly ToolSpec[]
  readonly settings?: ModelSettings
  readonly routing?: CallRouting
  /** Who pays. Absent: nobody is charged, and the result says what it cost. */
  readonly account?: CallAccount
  /** Whose cache it is, for calls without an account. Default `default`. */
  readonly tenant?: string
  /** Gives up. What was sent may still be billed. */
  readonly signal?: AbortSignal
  /** Higher goes first where calls queue. */
  readonly priority?: number
  /** Nobody wants the answer after it: milliseconds since 1970. */
  readonly deadlineAt?: number
  /** Names the call in books and headers; unique. Default: drawn. */
  readonly id?: string
}

/** A whole answer and what it cost. */
export interface Asked extends ModelResponse {
  readonly id: string
  readonly cost: TabCost
  /** The lines of the books: each send, or the hit that saved it. */
  readonly calls: readonly TabLine[]
}

/** What asking needs besides the question. */
export interface AskTools {
  readonly models: Models
  /** Draws the id of a call. */
  readonly newId: () => string
}

/** A question that was checked and is ready to be put, once or more often with other messages. */
export interface Question {
  readonly id: string
  readonly request: ModelRequest
  readonly tab: Tab
  put(request: ModelRequest, suffix: string, watch?: Pick<ModelCall, 'onText'>): Promise<ModelResponse>
  asked(response: ModelResponse): Asked
}

/** Checks the options (`request.invalid`, `model.unknown_name`); sends nothing yet. */
export function prepare({ models, newId }: AskTools, options: AskOptions): Question {
  checkAsk(options)
  const model = models.resolve(options.model)
  const { account, tenant = 'default', signal = never, priority, deadlineAt, id = `ask/${newId()}` } = options
  const tab = new Tab(account, tenant)
  return {
    id,
    tab,
    request: requestOf(options),
    put: (request, suffix, watch = {}) =>
      model.call(request, {
        signal,
        attemptId: `${id}${suffix}`,
        idempotencyKey: `${id}${suffix}`,
        account: tab,
        ...(priority === undefined ? {} : { priority }),
        ...(deadlineAt === undefined ? {} : { deadlineAt }),
        ...watch,
      }),
    asked: (response) => ({ ...response, id, cost: tab.cost(), calls: tab.lines }),
  }
}

/** One question, one answer. */
export async function generate(tools: AskTools, options: AskOptions): Promise<Asked> {
  const question = prepare(tools, options)
  return question.asked(await question.put(question.request, ''))
}

const never = new AbortController().signal

/** The request of a question. */
export function requestOf({ system, prompt, messages = [], tools, settings, routing }: AskOptions): ModelRequest {
  return {
    messages: [
      ...(system === undefined ? [] : [{ role: 'system' as const, text: system }]),
      ...messages,
      ...(prompt === undefined ? [] : [{ role: 'user' as const, text: prompt }]),
    ],
    ...(tools === undefined || tools.length === 0 ? {} : { tools }),
    ...(settings === undefined ? {} : { settings }),
    ...(routing === undefined ? {} : { routing }),
  }
}
