import { MeepoError } from '../base/errors.ts'
import { textSchema, type Schema } from '../base/schema.ts'
import { parseDollars } from '../cost/money.ts'
import { askedLimits } from '../engine/asked-limits.ts'
import type { RunLimits } from '../log/events.ts'
import type { CallRouting, Model, ModelSettings } from '../model/model.ts'
import { define, type Definition } from '../run/definition.ts'
import type { RetryPolicy } from '../run/retry.ts'
import { jsonSchemaOf } from '../tool/json-schema.ts'
import { toolset, type Tool } from '../tool/tool.ts'
import { runAgent, type Prepared } from './loop.ts'

/** What {@link defineAgent} takes. */
export interface AgentOptions<I, O> {
  readonly name: string
  /** `1` unless said. */
  readonly version?: string
  /** What the agent is good for, told to people. */
  readonly description?: string
  /** The system message. */
  readonly instructions: string
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
   * for less. $1 unless said here, at the start, or by a run above. Calls without a price are not in it.
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
}

/** A loop of a model and tools. A Definition like any other, which can be asked what it is made of. */
export interface Agent<I = unknown, O = unknown> extends Definition<I, O> {
  readonly description?: string
  readonly instructions: string
  readonly model: string | Model
  readonly tools: readonly Tool[]
  readonly maxTurns: number
  readonly settings?: ModelSettings
  readonly retry?: RetryPolicy
  readonly timeoutMs?: number
  prompt(input: I): string
}

/**
 * Makes an agent.
 * @example defineAgent({ name: 'greeter', instructions: 'Greet the person.', model: 'openai:gpt-5-mini' })
 */
export function defineAgent<I = string, O = string>(options: AgentOptions<I, O>): Agent<I, O> {
  const { name, version = '1', description, instructions, model, tools = [], maxTurns = 20 } = options
  const { prompt = defaultPrompt, output, settings, retry, timeoutMs, budget } = options
  const routing = routingOf(options)
  if (!Number.isInteger(maxTurns) || maxTurns < 1) {
    throw new MeepoError('definition.invalid', `maxTurns of agent ${name} must be a whole number above 0`)
  }
  const byName = toolset(tools)
  let prepared: Prepared | undefined
  const prepare = (): Prepared => {
    prepared ??= {
      tools: byName,
      request: {
        ...(tools.length > 0 ? { tools: tools.map((tool) => tool.spec()) } : {}),
        ...(settings ? { settings } : {}),
        ...(routing ? { routing } : {}),
        ...(output ? { outputSchema: jsonSchemaOf(output, `the output of agent ${name}`) } : {}),
      },
    }
    return prepared
  }
  const agent: Agent<I, O> = {
    ...define({
      name,
      version,
      // Without a schema I is string: nothing else chooses it.
      input: options.input ?? (textSchema as Schema<unknown> as Schema<I>),
      output,
      limits: { ...askedLimits({ budget, limits: options.limits }), maxTurns },
      fallbackLimits: { picoDollars: parseDollars(1).toString() },
      run: (ctx, input: I): Promise<O> => runAgent(agent, prepare(), ctx, input),
    }),
    description,
    instructions,
    model,
    tools,
    maxTurns,
    settings,
    retry,
    timeoutMs,
    prompt,
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
