import { beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { createToolShed, sumPlan } from '../../test/planner-world.ts'
import { MeepoError } from '../base/errors.ts'
import { loadExpressions } from '../graph/data/cel.ts'
import { define } from '../run/definition.ts'
import { defineTool, type Tool } from '../tool/tool.ts'
import { checkPlan, type PlanRules } from './check-plan.ts'
import { makeWorkers } from './workers.ts'

const writer = define({ name: 'writer', input: z.string(), run: () => Promise.resolve('text') })
const keeper = define({ name: 'keeper', input: z.object({ key: z.string() }), run: () => Promise.resolve('kept') })
const loose = defineTool({
  name: 'loose',
  description: 'Takes anything.',
  effect: 'read',
  input: z.looseObject({ one: z.number() }),
  run: () => null,
}) as Tool
const deep = defineTool({
  name: 'deep',
  description: 'Takes a place.',
  effect: 'read',
  input: z.object({ at: z.object({ x: z.number() }) }),
  run: () => null,
}) as Tool
const rules: PlanRules = {
  planner: 'my.planner',
  workers: makeWorkers([...createToolShed().tools, loose, deep], [writer, keeper], {}),
  maxTasks: 10,
}

beforeAll(loadExpressions)

function problem(plan: unknown, more: Partial<PlanRules> = {}): string {
  try {
    checkPlan(plan, { ...rules, ...more })
    return 'none'
  } catch (thrown) {
    return MeepoError.is(thrown) ? `${thrown.code}: ${thrown.message}` : String(thrown)
  }
}

const find = (id: string, more: object = {}) => ({ id, tool: 'find', input: { text: id }, ...more })

test('a good plan comes back with the needs that its references mean', () => {
  const { tasks } = checkPlan(sumPlan, rules)
  expect(tasks.map(({ needs }) => needs)).toEqual([undefined, ['look'], ['sum']])
})

test('fields that are null were left out', () => {
  expect(problem({ tasks: [find('a', { needs: null, expects: null })] })).toBe('none')
})

test.each<[unknown, RegExp]>([
  [null, /plan.invalid.*a plan is an object/],
  [[], /a plan is an object/],
  [{ tasks: 7 }, /tasks must be a list/],
  [{ tasks: [find('a')], note: 1 }, /field "note"/],
  [{ tasks: [find('a')], answer: 7 }, /answer must be the id/],
  [{ tasks: [find('a')], answer: 'b' }, /answer names b/],
  [{ tasks: [7] }, /task number 1 must be an object with an id/],
  [{ tasks: [find('a', { needs: 'b' })] }, /needs must be a list/],
  [{ tasks: [find('a', { role: 'boss' })] }, /role must be worker/],
  [{ tasks: [find('a', { optional: 'yes' })] }, /optional must be true or false/],
  [{ tasks: [find('a', { agent: 'writer' })] }, /either a tool or an agent/],
  [{ tasks: [find('a', { schema: { kind: 'x' } })] }, /its schema.*keyword kind/],
  [{ tasks: [find('a', { check: 'result.found' })] }, /a check, which this planner does not know/],
  [{ tasks: [find('a', { needs: ['b'] }), find('b', { needs: ['a'] })] }, /plan.cycle.*a needs b needs a/],
  [{ tasks: [find('a', { needs: ['a'] })] }, /plan.cycle/],
  [{ tasks: [find('a'), find('a')] }, /two tasks are called a/],
  [{ tasks: [find('goal')] }, /no task may be called goal/],
  [{ tasks: [find('a b')] }, /the id "a b" must be/],
  [{ tasks: [find('a', { alternatives: ['shell'] })] }, /plan.unknown_worker: .*an alternative of task a is "shell"/],
  [{ tasks: [find('a', { alternatives: ['add'] })] }, /task a: add takes no "text"/],
  [{ tasks: [find('a', { tool: 'my_planner' })] }, /plan.self_call/],
  [{ tasks: [find('a', { alternatives: ['my.planner'] })] }, /plan.self_call/],
  [{ tasks: [{ id: 'a', agent: 'nobody', input: '' }] }, /plan.unknown_worker.*there are writer, keeper/],
  [{ tasks: [{ id: 'a', agent: 'keeper', input: {} }] }, /the input of keeper at key/],
  [{ tasks: [{ id: 'a', agent: 'keeper', input: 'key' }] }, /the input of keeper/],
  [{ tasks: [{ id: 'a', agent: 'keeper' }] }, /the input of keeper at key/],
  [{ tasks: [find('a', { input: { text: 'x', size: 1 } })] }, /find takes no "size"; it takes text/],
  [{ tasks: [find('a'), find('b', { needs: ['c'] })] }, /task b needs c/],
  [{ tasks: Array.from({ length: 11 }, (_, at) => find(`t${at}`)) }, /plan.too_large: the plan has 11 tasks; 10/],
])('%j is refused', (plan, said) => {
  expect(problem(plan)).toMatch(said)
})

test.each<[unknown]>([
  [{ tasks: [find('a'), { id: 'b', tool: 'add', input: { numbers: [1, { $result: 'a', path: 'found.0' }] } }] }],
  [{ tasks: [find('a'), { id: 'b', tool: 'add', input: { $result: 'a' } }] }],
  [{ tasks: [find('a'), { id: 'b', tool: 'deep', input: { at: { $result: 'a' } } }] }],
  [{ tasks: [find('a'), { id: 'b', agent: 'writer', input: { facts: { $result: 'a' } } }] }],
  [{ tasks: [find('a'), { id: 'b', agent: 'writer', role: 'aggregator', needs: ['a'] }] }],
  [{ tasks: [{ id: 'a', tool: 'loose', input: { one: 1, more: 2 } }] }],
  [{ tasks: [find('a', { input: { text: { $result: 'context', path: 'word' } } })] }],
  [{ tasks: [find('a', { schema: { type: 'object' } })] }],
])('%j can be run', (plan) => {
  expect(problem(plan)).toBe('none')
})

test('checks are read where the planner has them', () => {
  expect(problem({ tasks: [find('a', { check: 'size(result.found) > 2' })] }, { hasChecks: true })).toBe('none')
  expect(problem({ tasks: [find('a', { check: 'result.found >' })] }, { hasChecks: true })).toMatch(/task a: its check/)
  expect(problem({ tasks: [find('a', { check: 'size(result)' })] }, { hasChecks: true })).toMatch(/a boolean/)
})

test('new tasks refer to what is done, and take no id that was there', () => {
  const later = { taken: new Set(['a', 'b']), usable: new Set(['a']) }
  expect(problem({ tasks: [find('c', { needs: ['a'] })], answer: 'a' }, later)).toBe('none')
  expect(problem({ tasks: [find('a')] }, later)).toMatch(/there was a task a already/)
  expect(problem({ tasks: [find('c', { needs: ['b'] })] }, later)).toMatch(/task c needs b/)
  expect(problem({ tasks: [find('c')] }, { ...later, maxTasks: 2 })).toMatch(/plan.too_large/)
})

test('all that is wrong is told at once, and no more than can be read', () => {
  const tasks = Array.from({ length: 10 }, (_, at) => find(`t${at}`, { needs: ['x', 'y', 'z'] }))
  const said = problem({ tasks })
  expect(said.match(/whose result is not there/g)).toHaveLength(20)
  expect(said).toMatch(/; and 10 more$/)
})
