import type { Json } from '../base/json.ts'
import type { Issue, Schema } from '../base/schema.ts'
import type { WorkerMeasures } from './measures.ts'

/** What a planner is asked for. A text alone is a goal as well. */
export interface Goal {
  readonly goal: string
  /** What is known already; plans refer to it as the result `context`. */
  readonly context?: Json
  /** True: a person must agree to the first plan, whatever the planner says about approval. */
  readonly ask?: boolean
  /** What tools and agents took in past runs: the plan is estimated with it. See `readWorkerMeasures`. */
  readonly measured?: WorkerMeasures
}

/** Accepts a goal, or its text. */
export const goalSchema: Schema<Goal> = {
  safeParse: (value) => {
    const data = typeof value === 'string' ? { goal: value } : value
    const issues = [...problemsOf(data)]
    // Without a problem it has these fields.
    return issues.length > 0 ? { success: false, error: { issues } } : { success: true, data: data as Goal }
  },
  toJSONSchema: () => ({
    type: 'object',
    properties: {
      goal: { type: 'string', description: 'What is to be achieved, in words.' },
      context: { description: 'What is known already and may be of use.' },
    },
    required: ['goal'],
    additionalProperties: false,
  }),
}

const fields: readonly string[] = ['goal', 'context', 'ask', 'measured']

function* problemsOf(value: unknown): Generator<Issue> {
  if (typeof value !== 'object' || value === null) {
    yield { path: [], message: 'expected a text or { goal, context? }' }
    return
  }
  if (!('goal' in value) || typeof value.goal !== 'string' || value.goal.trim() === '') {
    yield { path: ['goal'], message: 'expected a text that is not empty' }
  }
  if ('ask' in value && typeof value.ask !== 'boolean') yield { path: ['ask'], message: 'expected true or false' }
  if ('measured' in value && !isMeasured(value.measured))
    yield { path: ['measured'], message: 'expected what readWorkerMeasures gives' }
  for (const key of Object.keys(value))
    if (!fields.includes(key)) yield { path: [key], message: 'nobody knows this field' }
}

function isMeasured(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.values(value).every((each) => isObject(each) && isRange(each['ms'], isAmount) && isMoney(each))
  )
}

function isMoney({ picoDollars }: Readonly<Record<string, unknown>>): boolean {
  return picoDollars === undefined || isRange(picoDollars, (each) => typeof each === 'string' && /^\d+$/.test(each))
}

function isRange(value: unknown, isEnd: (end: unknown) => boolean): boolean {
  return isObject(value) && isEnd(value['p50']) && isEnd(value['p95'])
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
