import { textSchema, type Schema } from '../base/schema.ts'
import { parseDollars } from '../cost/money.ts'
import { askedLimits } from '../engine/asked-limits.ts'
import type { RunLimits } from '../log/events.ts'
import type { CallRouting, Model, ModelSettings } from '../model/model.ts'
import { define, type Definition } from '../run/definition.ts'
import type { RetryPolicy } from '../run/retry.ts'
import { toolset, type Tool } from '../tool/tool.ts'
import type { CompactionRule } from './compaction.ts'
import type { Instructions } from './instructions.ts'
import { checkAgent } from './check-agent.ts'
import { runAgent } from './loop.ts'
import { asAny, childDefinitions } from './prepared.ts'
import type { ProgressRule } from './progress.ts'

/** What {@link defineAgent} takes. */
export interface AgentOptions<I, O> {
  readonly name: string
  /** `1` unless said. */
  readonly version?: string
  /** What the agent is good for, told to people. */
  readonly description?: string
  /** The system message: a text, or a pure function of the input, such as a `promptTemplate`. */
  readonly instructions: Instructions<I>
  /** `provider:model` or an alias, resolved by the engine's gateway; or a model itself. */
  readonly model: string | Model
  readonly tools?: readonly Tool[]
  /** A text unless said. */
  readonly input?: Schema<I>
  /** The first user message; the text itself, or the input as JSON, unless said. Must be pure. */
  readonly prompt?: (input: I) => string
  /** The final answer must be JSON of this schema. Without, the answer is the text. */
  readonly output?: Schema<O>
  /** 20 unless said. A limit given at the start of a run replaces it. */
  readonly maxTurns?: number
  readonly limits?: Omit<Partial<RunLimits>, 'maxTurns'>
  /**
   * What a run may cost with everything below it, in dollars: `0.25`, `'$5'`. A start may ask for another amount, a child
   * for less. $1 unless said here, at the start, or by a run above. A call without a price is refused, unless
   * `limits.unpriced` says otherwise; the $1 that nobody asked for lets it go and counts it as unpriced.
   */
  readonly budget?: string | number
  readonly settings?: ModelSettings
  /**
   * Of model calls. A gateway repeats calls itself: it takes the count of tries from here, and its waits from its own
   * settings.
   */
  readonly retry?: RetryPolicy
  /** How a gateway repeats, routes and caches the calls of this agent. */
  readonly routing?: CallRouting
  /** Of one model call; the default of steps unless said. */
  readonly timeoutMs?: number
  /**
   * Agents that this one may pass the conversation to. They answer in its place, in the same run and within its limits,
   * and what they ask models is charged to them. A function where agents hand off to each other.
   */
  readonly handoffs?: readonly Agent[] | (() => readonly Agent[])
  /** How often the conversation may be passed on before there is an answer; 5 unless said. */
  readonly maxHandoffs?: number
  /** Tokens, in and out, of all model calls for one answer; no limit unless said. Sub-agents have their own. */
  readonly maxTokens?: number
  /** A result of a tool is shown to the model up to so many characters, and is whole in the log; 100,000 unless said. */
  readonly maxResultChars?: number
  /**
   * So many characters are kept of all results of one turn together: the longest are cut, with a note. 400,000 unless said, or
   * `maxResultChars` if that is more.
   */
  readonly maxTurnResultChars?: number
  /** When repeating the same calls counts as standing still; `false` lets the agent go on. */
  readonly progress?: ProgressRule | false
  /** How the conversation is kept within the window of the model; `false` leaves it as it is. */
  readonly compaction?: CompactionRule | false
}

/** A loop of a model and tools. A Definition like any other, which can be asked what it is made of. */
export interface Agent<I = unknown, O = unknown> extends Definition<I, O> {
  readonly description?: string
  readonly instructions: Instructions<I>
  readonly model: string | Model
  readonly tools: readonly Tool[]
  readonly maxTurns: number
  readonly settings?: ModelSettings
  readonly retry?: RetryPolicy
  readonly routing?: CallRouting
  readonly timeoutMs?: number
  readonly maxHandoffs: number
  readonly maxTokens?: number
  readonly maxResultChars: number
  readonly maxTurnResultChars: number
  readonly progress: ProgressRule | false
  readonly compaction: CompactionRule | false
  prompt(input: I): string
  handoffs(): readonly Agent[]
}

/** Calls of the context in one segment: a segment ends between turns, and one turn may have as many calls as a model writes. */
const segmentCalls = 1_000_000

/**
 * Makes an agent.
 * @example defineAgent({ name: 'greeter', instructions: 'Greet the person.', model: 'openai:gpt-5-mini' })
 */
export function defineAgent<I = string, O = string>(options: AgentOptions<I, O>): Agent<I, O> {
  const { name, version = '1', description, instructions, model, tools = [], maxTurns = 20 } = options
  const { prompt = defaultPrompt, output, settings, retry, timeoutMs, budget, handoffs = [] } = options
  const { maxHandoffs = 5, maxTokens, maxResultChars = 100_000, progress = {}, compaction = {} } = options
  const { maxTurnResultChars = Math.max(400_000, maxResultChars) } = options
  checkAgent(
    name,
    { maxTurns, maxTokens, maxResultChars, maxTurnResultChars, maxHandoffs: maxHandoffs + 1 },
    progress,
    compaction,
  )
  // Wrong tools are told here, not at the first run.
  toolset(tools)
  const agent: Agent<I, O> = {
    ...define({
      name,
      version,
      // Without a schema I is string: nothing else chooses it.
      input: options.input ?? (textSchema as Schema<unknown> as Schema<I>),
      output,
      limits: { ...askedLimits({ budget, limits: options.limits }), maxTurns },
      fallbackLimits: { picoDollars: parseDollars(1).toString() },
      segmentCalls,
      run: (ctx, input: I): Promise<O> => runAgent(agent, ctx, input),
    }),
    /** Asked when the agent is registered: by then agents that hand off to each other know each other. */
    get uses() {
      return childDefinitions(asAny(agent))
    },
    description,
    instructions,
    model,
    tools,
    maxTurns,
    settings,
    retry,
    routing: routingOf(options),
    timeoutMs,
    maxHandoffs,
    maxTokens,
    maxResultChars,
    maxTurnResultChars,
    progress,
    compaction,
    prompt,
    handoffs: () => (typeof handoffs === 'function' ? handoffs() : handoffs),
  }
  return agent
}

/** A gateway repeats as often as the steps around it would. */
function routingOf({
  retry,
  routing,
}: Pick<AgentOptions<unknown, unknown>, 'retry' | 'routing'>): CallRouting | undefined {
  return retry ? { maxRetries: retry.maxAttempts - 1, ...routing } : routing
}

function defaultPrompt(input: unknown): string {
  return typeof input === 'string' ? input : JSON.stringify(input)
}
