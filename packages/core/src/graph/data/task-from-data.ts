// One task of data becomes one task of code. What is wrong is told with its place, and everything else is still looked
// at: a file with three errors is corrected once.

import { MeepoError, toErrorData } from '../../base/errors.ts'
import type { Json } from '../../base/json.ts'
import { defaultRetry } from '../../run/retry.ts'
import type { AnyTask, Rollback, TaskSettings, TaskWork } from '../task.ts'
import type { TaskView } from '../task-view.ts'
import type { ExpressionScope } from './cel.ts'
import type { IsEarlier } from './earlier.ts'
import { compileExpression, type CompiledExpression, type Expected } from './expression.ts'
import type { GraphData, RollbackData, TaskData } from './graph-data.ts'
import { findSchemaProblems, schemaOfJson } from './json-schema.ts'
import { compileMapping } from './mapping.ts'
import type { Names } from './names.ts'
import { nearTo } from './near.ts'
import { pathText, type DataProblem } from './problems.ts'
import { scopeOf } from './scope-of.ts'
import type { Graph } from '../graph.ts'

/** What the tasks of one graph have in common while they are made. */
export interface Workshop {
  readonly names: Names
  readonly problems: DataProblem[]
  /** Whether a task may read another one. Of tasks that are added later it is not known before they run. */
  readonly isEarlier: IsEarlier
  readonly ids: readonly string[]
  /** Makes the graph of a task. */
  subGraph(data: GraphData, path: string): Graph | undefined
}

/** Makes a task; undefined when its work is not there. The data has the shape of a task. */
export function taskFromData(id: string, data: TaskData, path: string, workshop: Workshop): AnyTask | undefined {
  const { problems, names } = workshop
  const scope = scopeOf(data)
  const wrong = (key: string, message: string): void =>
    void problems.push({ path: `${path}.${key}`, message, code: 'graph.invalid' })
  checkFields(data, wrong)
  const work = workOf()
  const conditions = { ...condition(), ...input(), ...items(), ...rounds(), ...output(), ...rollback() }
  return work === undefined ? undefined : { ...settingsOf(data), ...conditions, work, source: toSource(data) }

  function workOf(): TaskWork | undefined {
    if ('run' in data) {
      const definition = names.definition(data.run, (message) => wrong('run', message))
      return definition && { kind: 'definition', definition }
    }
    if ('tool' in data) {
      const tool = names.tool(data.tool, (message) => wrong('tool', message))
      return tool && { kind: 'tool', tool }
    }
    if ('function' in data) {
      const run = names.function(data.function, (message) => wrong('function', message))
      // The registry promises that the function takes what the data gives it.
      return (
        run && { kind: 'function', run: run as (input: unknown) => Promise<unknown>, effect: data.effect ?? 'read' }
      )
    }
    if ('signal' in data) return { kind: 'signal', name: data.signal, ...schemaAt('schema', data.schema) }
    if ('timer' in data) return { kind: 'timer', ms: timer(data.timer) }
    const definition = workshop.subGraph(data.graph, `${path}.graph`)
    return definition && { kind: 'definition', definition }
  }

  function timer(ms: number | string): number | ((view: TaskView) => number) {
    if (typeof ms === 'number') {
      if (!(ms >= 0 && ms < Infinity)) wrong('timer', 'expected 0 or more')
      return ms
    }
    if (!ms.startsWith('=')) wrong('timer', 'a text has to be an expression that begins with =')
    const compiled = expression('timer', ms.slice(1), 'task', 'a number')
    return (view) => {
      const value = compiled?.evaluate(view)
      if (typeof value === 'number' && value >= 0) return value
      throw new MeepoError('expression.failed', `the timer of task ${id} gives no number of milliseconds`)
    }
  }

  function condition(): Pick<AnyTask, 'when'> {
    const compiled = expression('when', data.when, 'task', 'a boolean')
    return compiled ? { when: (view) => asBoolean(compiled, compiled.evaluate(view)) } : {}
  }

  function input(): Pick<AnyTask, 'input'> {
    const { input: given } = data
    if (given === undefined) return {}
    const compiled = compileMapping(given, scope, `${path}.input`, (at, thrown) => problems.push(problemOf(at, thrown)))
    for (const each of compiled.expressions) checkReads('input', each)
    return { input: (_results, _input, view) => compiled.make(view) }
  }

  function items(): Pick<AnyTask, 'forEach'> {
    const compiled = expression('forEach', data.forEach, 'task', 'a list')
    if (compiled === undefined) return {}
    return {
      forEach: (view) => {
        const value = compiled.evaluate(view)
        if (Array.isArray(value)) return value
        throw new MeepoError('expression.failed', `forEach of task ${id} gives no list, in \`${compiled.text}\``)
      },
    }
  }

  function rounds(): Pick<AnyTask, 'repeat'> {
    const { repeat } = data
    const compiled = expression('repeat.until', repeat?.until, scope, 'a boolean')
    if (compiled === undefined || repeat === undefined) return {}
    const until = (view: TaskView, last: unknown): boolean =>
      asBoolean(compiled, compiled.evaluate(withLast(view, last)))
    return { repeat: { maxTimes: repeat.maxTimes, until } }
  }

  function output(): Pick<AnyTask, 'output'> {
    const { schema } = schemaAt('output', data.output)
    return schema ? { output: schema } : {}
  }

  function rollback(): Pick<AnyTask, 'onRollback'> {
    const found = data.onRollback && rollbackOf(data.onRollback)
    // The registry promises that it takes `{ input, result }`.
    return found ? { onRollback: found as Rollback } : {}
  }

  function rollbackOf(what: RollbackData): unknown {
    const told = (message: string): void => wrong('onRollback', message)
    return 'run' in what ? names.definition(what.run, told) : names.function(what.function, told)
  }

  function schemaAt(key: string, schema: TaskData['output']): { readonly schema?: ReturnType<typeof schemaOfJson> } {
    if (schema === undefined) return {}
    const issues = findSchemaProblems(schema)
    for (const issue of issues) wrong(pathText([key, ...issue.path]), issue.message)
    return issues.length > 0 ? {} : { schema: schemaOfJson(schema) }
  }

  function expression(
    key: string,
    text: string | undefined,
    of: ExpressionScope,
    expected: Expected,
  ): CompiledExpression | undefined {
    if (text === undefined) return undefined
    try {
      const compiled = compileExpression(text, of, expected)
      checkReads(key, compiled)
      return compiled
    } catch (thrown) {
      problems.push(problemOf(`${path}.${key}`, thrown))
      return undefined
    }
  }

  function checkReads(key: string, { tasks }: CompiledExpression): void {
    for (const task of tasks) {
      if (workshop.isEarlier(id, task)) continue
      const exists = workshop.ids.includes(task)
      const message = exists
        ? `it reads task ${task}, which it does not need`
        : `there is no task ${task}${nearTo(task, workshop.ids)}`
      wrong(key, message)
    }
  }
}

/** The problem that a thrown error is. */
export function problemOf(path: string, thrown: unknown): DataProblem {
  const { code, message } = toErrorData(thrown)
  return { path, message, code: code === 'expression.invalid' ? code : 'graph.invalid' }
}

/** Getters of a view stay getters: what nobody reads is not made. */
function withLast(view: TaskView, last: unknown): TaskView {
  return Object.create(view, { last: { value: last, enumerable: true } }) as TaskView
}

function asBoolean(expression: CompiledExpression, value: Json): boolean {
  if (typeof value === 'boolean') return value
  throw new MeepoError('expression.failed', `it gives neither true nor false, in \`${expression.text}\``)
}

const forWaits = [
  'forEach',
  'concurrency',
  'optionalItems',
  'repeat',
  'retry',
  'budget',
  'uses',
  'input',
  'onRollback',
] as const

/** What the shape of a task cannot say: keys that mean nothing without another one. */
function checkFields(data: TaskData, wrong: (key: string, message: string) => void): void {
  const isWait = 'signal' in data || 'timer' in data
  if (isWait) for (const key of forWaits) if (data[key] !== undefined) wrong(key, 'a task that waits has no such thing')
  if ('effect' in data && !('function' in data)) wrong('effect', 'only a function has an effect')
  if ('schema' in data && !('signal' in data)) wrong('schema', 'only a signal has a schema')
}

const plain = [
  'join',
  'joinWithinMs',
  'concurrency',
  'optionalItems',
  'optional',
  'timeoutMs',
  'budget',
  'priority',
  'deadlineMs',
  'uses',
  'expects',
] as const

function settingsOf(data: TaskData): TaskSettings & Pick<AnyTask, 'needs'> {
  const settings = Object.fromEntries(plain.flatMap((key) => (data[key] === undefined ? [] : [[key, data[key]]])))
  const { needs = [], retry } = data
  return { ...settings, needs, ...(retry ? { retry: { ...defaultRetry, ...retry } } : {}) }
}

/** The data came out of JSON. */
function toSource(data: TaskData): Json {
  return data as unknown as Json
}
