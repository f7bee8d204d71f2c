// A graph as data: what a file, a database or a model can hold. Names stand for what only code can be; a registry says
// what they mean. Nothing here runs anything.

import type { Json, JsonObject } from '../../base/json.ts'
import type { Effect, RunLimits } from '../../log/events.ts'
import type { Retention } from '../../run/definition.ts'
import type { RetryPolicy } from '../../run/retry.ts'
import type { TaskExpectation, TaskJoin } from '../task.ts'

/**
 * A CEL expression. It may read `input` (of the graph), `results` (of earlier tasks), `tasks` (`tasks.a.status`) and,
 * where they exist, `item`, `index`, `last` and `times`.
 */
export type Expression = string

/**
 * JSON of which every text that begins with `=` is the result of a CEL expression: `{ total: '=results.sum + 1' }`. A
 * text that begins with `==` is the text after the first `=`. Keys are never expressions.
 */
export type Mapping = Json

/** A JSON Schema, of the keywords that `checkJsonSchema` knows. */
export type JsonSchema = JsonObject | boolean

/** A graph as JSON or YAML. */
export interface GraphData {
  readonly name: string
  /** `1` unless said. */
  readonly version?: string
  /** For people. */
  readonly description?: string
  /** What the graph takes; anything unless said. */
  readonly input?: JsonSchema
  /** Agents that only this graph knows, by name. */
  readonly agents?: Readonly<Record<string, AgentData>>
  /** By id. */
  readonly tasks: Readonly<Record<string, TaskData>>
  /** Makes the result of the graph; the results by task unless said. */
  readonly output?: Mapping
  readonly maxParallel?: number
  readonly pools?: Readonly<Record<string, number>>
  readonly onFailure?: 'continue' | 'stop'
  readonly reportPartials?: boolean
  /** What a run may cost with everything below it, in dollars: `0.25`, `'$5'`. */
  readonly budget?: number | string
  readonly limits?: Partial<RunLimits>
  /** When it runs by itself, as a workflow. Only of the outermost graph, as all that follows. */
  readonly schedule?: ScheduleData & { readonly input?: Json }
  /** How long ended runs stay; for ever unless said. */
  readonly retention?: Retention
  /** Higher goes first, where runs wait for room. */
  readonly priority?: number
  /** How long a run may take from its start, waits included. */
  readonly deadlineMs?: number
}

/**
 * What becomes of fires that nobody could start in their time, as when all processes were down. `latest`: the last one
 * is started. `skip`: none is. `all`: each is, the last {@link ScheduleData.maxMissed} of them.
 */
export type MissedPolicy = 'skip' | 'latest' | 'all'

/** When a workflow runs, as data. */
export interface ScheduleData {
  /** Five fields (minute, hour, day, month, weekday), or six with the second in front: `0 7 * * MON-FRI`. */
  readonly cron: string
  /** An IANA name, as `Europe/Berlin`; `UTC` unless said. */
  readonly timeZone?: string
  /** `latest` unless said. */
  readonly missed?: MissedPolicy
  /** Of `all`: how many at most, the last ones; 100 unless said. */
  readonly maxMissed?: number
  /**
   * How late a fire may be started; 60,000 ms unless said. Of `skip`; of `latest` one that was decided on and is not the last
   * one any more.
   */
  readonly graceMs?: number
  /** `skip`: a fire is passed over while the run of the fire before is going on. `allow` unless said. */
  readonly overlap?: 'allow' | 'skip'
  /** Whose runs they are; `default` unless said. */
  readonly tenant?: string
}

/** An agent without code of its own. */
export interface AgentData {
  readonly instructions: string
  /** `provider:model` or an alias. */
  readonly model: string
  readonly description?: string
  /** Names of tools of the registry. */
  readonly tools?: readonly string[]
  /** What the agent takes; a text unless said. */
  readonly input?: JsonSchema
  /** The final answer must be JSON of this schema; a text unless said. */
  readonly output?: JsonSchema
  readonly maxTurns?: number
  readonly budget?: number | string
}

/** What a task does. One of these keys says it. */
export type WorkData =
  /** The name of an agent, a graph, a team, or any other definition. */
  | { readonly run: string }
  /** The name of a tool. */
  | { readonly tool: string }
  /** The name of a function; `effect` is `read` unless said. */
  | { readonly function: string; readonly effect?: Effect }
  /** The name of a signal to wait for, and what must come with it. */
  | { readonly signal: string; readonly schema?: JsonSchema }
  /** Milliseconds to wait, or a CEL expression of them that begins with `=`. */
  | { readonly timer: number | Expression }
  /** A graph of its own, as a child run. */
  | { readonly graph: GraphData }

/** What undoes a completed task: the name of a definition or function; it gets `{ input, result }`. */
export type RollbackData = { readonly run: string } | { readonly function: string }

/** What can be said about any task as data. See `TaskSettings` and `TaskOptions` for what the fields mean. */
export interface TaskDataSettings {
  /** For people. */
  readonly description?: string
  readonly needs?: readonly string[]
  readonly join?: TaskJoin
  readonly joinWithinMs?: number
  readonly when?: Expression
  /** Makes the input of the task; without, it is the item, or the input of the graph. */
  readonly input?: Mapping
  readonly forEach?: Expression
  readonly concurrency?: number
  readonly optionalItems?: boolean
  readonly repeat?: { readonly until: Expression; readonly maxTimes: number }
  /** What the result must be. */
  readonly output?: JsonSchema
  readonly optional?: boolean
  readonly onRollback?: RollbackData
  /** What is not said is as in `defaultRetry`. */
  readonly retry?: Partial<RetryPolicy>
  readonly timeoutMs?: number
  readonly budget?: number | string
  readonly priority?: number
  readonly deadlineMs?: number
  readonly uses?: Readonly<Record<string, number>>
  readonly expects?: TaskExpectation
}

/** A task as JSON or YAML. */
export type TaskData = TaskDataSettings & WorkData

/** The tasks of a graph as data, by id. */
export type TasksData = Readonly<Record<string, TaskData>>
