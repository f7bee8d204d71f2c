// Whether results are what they were expected to be: by their schema, by a verdict of the plan's own, or by a model.

import { MeepoError, toErrorData } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'
import type { Issue, Schema } from '../base/schema.ts'
import { compileExpression } from '../graph/data/expression.ts'
import { schemaOfJson } from '../graph/data/json-schema.ts'
import type { RunContext } from '../run/context.ts'
import { ask, excerpt, shareOf, type Asker } from './ask.ts'
import { goalInstructions, judgeInstructions } from './instructions.ts'
import type { PlannedTask } from './plan.ts'

/** So much of a result is shown to whoever judges it. */
const shownResult = 20_000
/** So much of each result is shown when the goal is judged. */
const shownOfMany = 2_000

/** Whether something holds, and why. */
export interface Verdict {
  readonly holds: boolean
  readonly reason: string
}

function verdictSchema(field: string): JsonObject {
  return {
    type: 'object',
    properties: { [field]: { type: 'boolean' }, reason: { type: 'string' } },
    required: [field, 'reason'],
    additionalProperties: false,
  }
}

function readVerdict(field: string): (answer: unknown) => Verdict {
  return (answer) => {
    // Any object may be asked for any field.
    const { [field]: holds, reason } = (typeof answer === 'object' && answer !== null ? answer : {}) as Readonly<
      Record<string, unknown>
    >
    if (typeof holds === 'boolean' && typeof reason === 'string') return { holds, reason }
    throw new MeepoError('model.invalid_output', `it must be { ${JSON.stringify(field)}: boolean, "reason": text }`)
  }
}

/** Asks a model whether a result is what was expected. Throws `plan.check_failed`, with the reason, when it is not. */
export async function judgeResult(
  ctx: RunContext,
  asker: Asker,
  {
    id,
    purpose,
    expects,
    input,
    result,
  }: {
    readonly id: string
    readonly purpose?: string | undefined
    readonly expects: string
    readonly input: Json
    readonly result: Json
  },
): Promise<void> {
  const { holds, reason } = await ask(ctx, asker, {
    name: 'judge',
    instructions: judgeInstructions,
    content: {
      task: purpose ?? id,
      input: excerpt(input, shownResult),
      expects,
      result: excerpt(result, shownResult),
    },
    schema: verdictSchema('met'),
    read: readVerdict('met'),
  })
  if (!holds) throw new MeepoError('plan.check_failed', `the result of ${id} is not what was expected: ${reason}`)
}

/** Asks a model whether the goal is reached. */
export function judgeGoal(
  ctx: RunContext,
  asker: Asker,
  {
    goal,
    context,
    answer,
    results,
  }: {
    readonly goal: string
    readonly context?: Json | undefined
    readonly answer: Json
    readonly results: ReadonlyMap<string, Json>
  },
): Promise<Verdict> {
  const share = shareOf(shownOfMany, results.size)
  return ask(ctx, asker, {
    name: 'goal',
    instructions: goalInstructions,
    content: {
      goal,
      ...(context === undefined ? {} : { context: excerpt(context, shownResult) }),
      answer: excerpt(answer, shownResult),
      results: Object.fromEntries([...results].map(([id, result]) => [id, excerpt(result, share)])),
    },
    schema: verdictSchema('reached'),
    read: readVerdict('reached'),
  })
}

/** What the plan says about a result that needs nobody to judge it: undefined when it says nothing. */
export function resultSchema(
  { role, schema, check }: Pick<PlannedTask, 'role' | 'schema' | 'check'>,
  inputOf: () => Json,
): Schema<Json> | undefined {
  const schemas: Schema<unknown>[] = []
  if (role === 'validator') schemas.push(passedSchema)
  if (schema !== undefined) schemas.push(schemaOfJson(schema))
  if (check !== undefined) schemas.push(checkSchema(check, inputOf))
  const [first] = schemas
  if (!first) return undefined
  return {
    safeParse: (value) => {
      const issues: Issue[] = []
      let result = value
      for (const each of schemas) {
        const parsed = each.safeParse(result)
        if (parsed.success) result = parsed.data
        else issues.push(...(parsed.error?.issues ?? []))
      }
      // Results are JSON.
      return issues.length > 0 ? { success: false, error: { issues } } : { success: true, data: result as Json }
    },
    toJSONSchema: (options) => first.toJSONSchema(options),
  }
}

function checkSchema(check: string, inputOf: () => Json): Schema<unknown> {
  const expression = compileExpression(check, 'result', 'a boolean')
  return {
    safeParse: (result) => {
      try {
        const holds = expression.evaluate({ result, input: inputOf() })
        return holds === true ? { success: true, data: result } : fails(`${check} does not hold`)
      } catch (thrown) {
        // It reads what is not there, or takes too long: then it does not hold either.
        return fails(`${check} does not hold: ${toErrorData(thrown).message}`)
      }
    },
    toJSONSchema: () => ({}),
  }
}

/** What the result of a validator must be: `{ passed: true }`, itself or as the JSON of a text. */
const passedSchema: Schema<Json> = {
  safeParse: (value) => {
    const verdict = typeof value === 'string' ? parsed(value) : value
    if (
      typeof verdict !== 'object' ||
      verdict === null ||
      !('passed' in verdict) ||
      typeof verdict.passed !== 'boolean'
    ) {
      return fails('a validator answers { passed: boolean, reason?: text }')
    }
    // Results are JSON.
    if (verdict.passed) return { success: true, data: verdict as Json }
    const reason = 'reason' in verdict && typeof verdict.reason === 'string' ? verdict.reason : 'no reason given'
    return fails(`it does not pass: ${reason}`)
  },
  toJSONSchema: () => ({
    type: 'object',
    properties: { passed: { type: 'boolean' }, reason: { type: 'string' } },
    required: ['passed'],
  }),
}

function fails(message: string): ReturnType<Schema<Json>['safeParse']> {
  return { success: false, error: { issues: [{ path: [], message }] } }
}

function parsed(text: string): unknown {
  const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)
  try {
    return JSON.parse(fenced?.[1] ?? text)
  } catch {
    // Not a verdict, which is what whoever asked says.
    return undefined
  }
}
