// A plan comes from a model, and what it read may have come from anybody: nothing of it runs before all of it is checked.

import type { ErrorCode } from '../base/catalogue.ts'
import { MeepoError, toErrorData } from '../base/errors.ts'
import { compileExpression } from '../graph/data/expression.ts'
import { findSchemaProblems } from '../graph/data/json-schema.ts'
import { planGraph } from '../graph/plan.ts'
import { findReferences } from '../tool/references.ts'
import { problemsOfArguments } from './check-arguments.ts'
import { givenIds, mostTasks, workerName, type Plan, type PlannedTask } from './plan.ts'
import { readPlan } from './read-plan.ts'
import { findByName, findWorker, type Workers } from './workers.ts'

/** What a plan is checked against. */
export interface PlanRules {
  /** The planner's own name: a plan that calls its planner would never end. */
  readonly planner: string
  readonly workers: Workers
  /** With those that are there already. */
  readonly maxTasks: number
  /** Tasks may have a `check`; expressions must have been loaded. */
  readonly hasChecks?: boolean
  /** Ids that are taken by earlier tasks. */
  readonly taken?: ReadonlySet<string>
  /** Those of them whose results may be used. */
  readonly usable?: ReadonlySet<string>
}

/** A problem and what it is called. */
type Problem = readonly [code: ErrorCode, text: string]

/** So many problems are told at once. */
const mostTold = 20

/**
 * Reads a plan and checks all of it. The tasks that come back need the tasks that they refer to. Throws `plan.too_large`,
 * `plan.invalid`, `plan.self_call`, `plan.unknown_worker` or `plan.cycle`, with every problem in words for the model.
 */
export function checkPlan(value: unknown, rules: PlanRules): Plan {
  refuseLarge(value, rules)
  const malformed: string[] = []
  const read = readPlan(value, malformed)
  refuse(malformed.map((text) => ['plan.invalid', text] as const))
  // Without a plan there was a problem.
  const plan = withReferences(read!)
  const problems: Problem[] = [...problemsOfIds(plan, rules)]
  for (const task of plan.tasks) problems.push(...problemsOfTask(task, rules))
  refuse(problems)
  refuseCycle(plan)
  return plan
}

function refuseLarge(value: unknown, { maxTasks, taken = none }: PlanRules): void {
  const most = Math.min(maxTasks, mostTasks)
  if (typeof value !== 'object' || value === null || !('tasks' in value) || !Array.isArray(value.tasks)) return
  const count = value.tasks.length + taken.size
  if (count <= most) return
  throw new MeepoError('plan.too_large', `the plan has ${count} tasks; ${most} are allowed`, {
    details: { tasks: count, most },
  })
}

function refuse(problems: readonly Problem[]): void {
  const [first] = problems
  if (!first) return
  const told = problems.slice(0, mostTold).map(([, text]) => text)
  const more = problems.length > told.length ? `; and ${problems.length - told.length} more` : ''
  // What a plan must never do is what it is refused for, whatever else is wrong with it.
  const [code] =
    problems.find(([name]) => name === 'plan.self_call') ??
    problems.find(([name]) => name === 'plan.unknown_worker') ??
    first
  throw new MeepoError(code, `the plan cannot be run: ${told.join('; ')}${more}`, { details: { problems: told } })
}

function withReferences(plan: Plan): Plan {
  const tasks = plan.tasks.map((task) => {
    const needs = new Set(task.needs)
    for (const { $result } of findReferences(task.input)) if (!givenIds.includes($result)) needs.add($result)
    return needs.size === 0 ? task : { ...task, needs: [...needs] }
  })
  return { ...plan, tasks }
}

const none: ReadonlySet<string> = new Set()

function* problemsOfIds({ tasks, answer }: Plan, { taken = none, usable = none }: PlanRules): Generator<Problem> {
  const ids = new Set<string>()
  for (const { id } of tasks) {
    if (ids.has(id)) yield ['plan.invalid', `two tasks are called ${id}`]
    else if (taken.has(id)) yield ['plan.invalid', `there was a task ${id} already: new tasks need new ids`]
    else if (givenIds.includes(id)) yield ['plan.invalid', `no task may be called ${id}`]
    else if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(id)) {
      yield [
        'plan.invalid',
        `the id ${JSON.stringify(id)} must be up to 64 letters, digits, dots, dashes and underscores`,
      ]
    }
    ids.add(id)
  }
  const exists = (id: string): boolean => ids.has(id) || usable.has(id)
  for (const { id, needs = [] } of tasks) {
    for (const need of needs)
      if (!exists(need)) yield ['plan.invalid', `task ${id} needs ${need}, whose result is not there`]
  }
  if (answer !== undefined && !exists(answer)) yield ['plan.invalid', `answer names ${answer}, which is no task`]
}

function* problemsOfTask(task: PlannedTask, rules: PlanRules): Generator<Problem> {
  const { id, tool, agent, input, alternatives = [], role } = task
  const { planner, workers } = rules
  for (const name of [tool, agent, ...alternatives]) {
    if (name === planner || name === planner.replaceAll('.', '_')) {
      yield ['plan.self_call', `task ${id} calls ${planner}, which is the planner itself`]
      return
    }
  }
  if ((tool === undefined) === (agent === undefined)) {
    yield ['plan.invalid', `task ${id} must name either a tool or an agent`]
    return
  }
  const worker = findWorker(workers, task)
  if (!worker) {
    const known = [...(tool === undefined ? workers.agents : workers.tools).keys()]
    const kind = tool === undefined ? 'agent' : 'tool'
    yield [
      'plan.unknown_worker',
      `task ${id} names the ${kind} ${JSON.stringify(workerName(task))}; there are ${known.join(', ') || 'none'}`,
    ]
    return
  }
  yield* problemsOfChecks(task, rules)
  const others = alternatives.map((name) => [name, findByName(workers, name)] as const)
  for (const [name, other] of others) {
    if (other) continue
    yield ['plan.unknown_worker', `an alternative of task ${id} is ${JSON.stringify(name)}, which does not exist`]
  }
  // What it is given then is known when its turn comes.
  if (role === 'aggregator' && input === undefined) return
  for (const one of [worker, ...others.flatMap(([, other]) => other ?? [])]) {
    for (const text of problemsOfArguments(one, input ?? {})) yield ['plan.invalid', `task ${id}: ${text}`]
  }
}

function* problemsOfChecks({ id, schema, check }: PlannedTask, { hasChecks = false }: PlanRules): Generator<Problem> {
  if (schema !== undefined) {
    for (const { path, message } of findSchemaProblems(schema)) {
      yield ['plan.invalid', `task ${id}: its schema${path.length > 0 ? ` at ${path.join('.')}` : ''}: ${message}`]
    }
  }
  if (check === undefined) return
  if (!hasChecks) {
    yield ['plan.invalid', `task ${id} has a check, which this planner does not know`]
    return
  }
  try {
    compileExpression(check, 'result', 'a boolean')
  } catch (thrown) {
    yield ['plan.invalid', `task ${id}: its check: ${toErrorData(thrown).message}`]
  }
}

/** Every need exists by now; needs that are done already cannot close a circle. */
function refuseCycle({ tasks }: Plan): void {
  const ids = new Set(tasks.map(({ id }) => id))
  const shapes = tasks.map(({ id, needs = [] }) => [id, { needs: needs.filter((need) => ids.has(need)) }] as const)
  try {
    planGraph('plan', Object.fromEntries(shapes))
  } catch (thrown) {
    if (!MeepoError.is(thrown) || thrown.code !== 'graph.cycle') throw thrown
    const circle = thrown.message.replace(/^graph plan: /, '')
    const { details } = thrown
    throw new MeepoError('plan.cycle', `the plan cannot be run: ${circle}`, details ? { details } : {})
  }
}
