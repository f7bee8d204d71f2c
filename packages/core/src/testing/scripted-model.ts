import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { noUsage, type Usage } from '../base/usage.ts'
import type { FinishReason, Model, ModelRequest, ModelResponse } from '../model/model.ts'

/** One answer of a scripted model. A text alone is a final answer. */
export type ScriptedTurn =
  | string
  | {
      readonly text?: string
      /** Calls without an id get one that is unique in this model. */
      readonly toolCalls?: readonly { readonly name: string; readonly arguments: Json; readonly id?: string }[]
      /** `tool-calls` or `stop` unless said. */
      readonly finish?: FinishReason
      /** 10 input and 5 output tokens unless said. */
      readonly usage?: Partial<Usage>
      /** The call rejects with it. */
      readonly error?: MeepoError
    }

/** The answers in their order, or a function of the request and the count of calls before it. */
export type ModelScript = readonly ScriptedTurn[] | ((request: ModelRequest, index: number) => ScriptedTurn)

/** What a test may set. */
export interface ScriptedModelOptions {
  /** `scripted:model` unless said. */
  readonly id?: string
  /** Awaited before every answer; may reject. */
  readonly latency?: (signal: AbortSignal) => Promise<void>
}

/** A model that answers by script. */
export interface ScriptedModel extends Model {
  /** Every request so far, as it was when it came. */
  readonly requests: readonly ModelRequest[]
  /** Throws when answers of the script were not used, or when more were asked for than it has. */
  assertUsed(): void
}

/**
 * Makes a model for tests. A call that the script does not expect is refused, and remembered for `assertUsed`, so
 * that code which swallows the error cannot hide it.
 * @example createScriptedModel([{ toolCalls: [{ name: 'add', arguments: { a: 1, b: 2 } }] }, 'The sum is 3.'])
 */
export function createScriptedModel(script: ModelScript, options: ScriptedModelOptions = {}): ScriptedModel {
  const { id = 'scripted:model', latency } = options
  const requests: ModelRequest[] = []

  const mismatch = (): string | undefined => {
    if (typeof script === 'function' || script.length === requests.length) return undefined
    return `the script of ${id} has ${script.length} turns, but it was called ${requests.length} times`
  }
  const next = (request: ModelRequest): ScriptedTurn => {
    const index = requests.length
    // The caller goes on using its array.
    requests.push({ ...request, messages: [...request.messages] })
    const turn = typeof script === 'function' ? script(request, index) : script[index]
    if (turn === undefined) throw new MeepoError('model.rejected', mismatch() ?? `the script of ${id} gave no answer`)
    return turn
  }

  return {
    id,
    requests,
    call: async (request, call) => {
      const turn = next(request)
      const count = requests.length
      await latency?.(call.signal)
      call.signal.throwIfAborted()
      const response = respond(turn, id, count)
      if (call.onText) for (const word of response.text.match(/\s*\S+|\s+$/g) ?? []) call.onText(word)
      return response
    },
    assertUsed: () => {
      const problem = mismatch()
      if (problem !== undefined) throw new MeepoError('model.rejected', problem)
    },
  }
}

function respond(turn: ScriptedTurn, model: string, count: number): ModelResponse {
  const { text = '', toolCalls = [], finish, usage, error } = typeof turn === 'string' ? { text: turn } : turn
  if (error !== undefined) throw error
  return {
    text,
    toolCalls: toolCalls.map((call, index) => ({ id: `call-${count}-${index + 1}`, ...call })),
    finish: finish ?? (toolCalls.length > 0 ? 'tool-calls' : 'stop'),
    usage: { ...noUsage, input: 10, output: 5, calls: 1, ...usage },
    model,
  }
}
