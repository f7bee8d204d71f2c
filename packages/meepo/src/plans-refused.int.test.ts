// Plans that must never run: whatever the model insists on, nothing of them is begun, and the code says why.

import { expect, test } from 'vitest'
import * as z from 'zod'
import { openPlanStage } from '../test-support/plan-stage.ts'
import { definePlanner, defineTool, type Json } from './index.ts'

const task = (id: string, more: object = {}): Json => ({ id, tool: 'note', input: { text: id }, ...more })
const calls: string[] = []
const note = defineTool({
  name: 'note',
  description: 'Notes a text.',
  effect: 'idempotent',
  input: z.object({ text: z.string().max(100) }),
  run: ({ text }) => {
    calls.push(text)
    return text
  },
})

test.each<[what: string, code: string, plan: Json]>([
  [
    'a circle',
    'plan.cycle',
    { tasks: [task('a', { needs: ['c'] }), task('b', { needs: ['a'] }), task('c', { needs: ['b'] })] },
  ],
  ['a circle of references', 'plan.cycle', { tasks: [task('a', { input: { text: { $result: 'a' } } })] }],
  ['a tool that is not there', 'plan.unknown_worker', { tasks: [task('a', { tool: 'delete_everything' })] }],
  ['an agent that is not there', 'plan.unknown_worker', { tasks: [{ id: 'a', agent: 'root', input: 'go' }] }],
  ['an alternative that is not there', 'plan.unknown_worker', { tasks: [task('a', { alternatives: ['shell'] })] }],
  ['10,001 tasks', 'plan.too_large', { tasks: Array.from({ length: 10_001 }, (_, at) => task(`t${at}`)) }],
  ['its own planner', 'plan.self_call', { tasks: [{ id: 'a', agent: 'author', input: { goal: 'again' } }] }],
  ['its own planner as a tool', 'plan.self_call', { tasks: [task('a', { tool: 'author' })] }],
  ['its own planner as an alternative', 'plan.self_call', { tasks: [task('a', { alternatives: ['author'] })] }],
  [
    'an argument that the tool does not have',
    'plan.invalid',
    { tasks: [task('a', { input: { text: 'a', path: '/' } })] },
  ],
  ['an argument of the wrong type', 'plan.invalid', { tasks: [task('a', { input: { text: 7 } })] }],
  ['an argument too few', 'plan.invalid', { tasks: [task('a', { input: {} })] }],
  ['two tasks of one id', 'plan.invalid', { tasks: [task('a'), task('a')] }],
  ['a need that is not there', 'plan.invalid', { tasks: [task('a', { needs: ['b'] })] }],
  ['an id that is none', 'plan.invalid', { tasks: [task('../a')] }],
  ['an id that is taken', 'plan.invalid', { tasks: [task('context')] }],
  ['a field that nobody knows', 'plan.invalid', { tasks: [task('a', { shell: 'rm' })] }],
  ['nobody to do a task', 'plan.invalid', { tasks: [{ id: 'a', input: {} }] }],
  ['no tasks', 'plan.invalid', { tasks: [] }],
  ['a text', 'model.invalid_output', 'Let me think.'],
  [
    'an input without end',
    'model.invalid_output',
    JSON.stringify({ tasks: [task('a')] }).replace('"a"}', `${'['.repeat(1_000)}${']'.repeat(1_000)}}`),
  ],
  ['a number that is none', 'model.invalid_output', JSON.stringify({ tasks: [task('a')] }).replace('"a"}', '1e999}')],
])('%s is refused with %s, after the model was told twice', async (_what, code, plan) => {
  calls.length = 0
  const stage = await openPlanStage({ plan: () => plan })
  const planner = definePlanner({ name: 'author', model: 'sim:m', tools: [note], maxSteps: 10_000 })
  const meepo = await stage.open({ definitions: [planner], store: 'memory' })
  const { success, error } = await meepo.run(planner, { goal: 'harm' })
  expect([success, error?.code]).toEqual([false, code])
  expect(calls).toEqual([])
  expect(stage.counts()).toEqual({ plan: 3 })
})

test('a plan that was wrong is repaired by the model that is told what is wrong', async () => {
  calls.length = 0
  const right: Json = { tasks: [task('a')] }
  const wrong: Json = { tasks: [task('a', { tool: 'notes' }), task('b', { needs: ['z'] })] }
  const stage = await openPlanStage({ plan: ({ count }) => (count === 0 ? wrong : right) })
  const planner = definePlanner({ name: 'author', model: 'sim:m', tools: [note] })
  const meepo = await stage.open({ definitions: [planner], store: 'memory' })
  const { result: outcome } = await meepo.run(planner, { goal: 'note it' })
  expect(outcome?.answer).toBe('a')
  const told = JSON.stringify(stage.asked[1]?.request.messages.at(-1))
  expect(told).toContain('names the tool')
  expect(told).toContain('task b needs z')
})

test('a plan of more than maxSteps is refused, those that are planned anew included', async () => {
  const stage = await openPlanStage({
    plan: () => ({ tasks: [task('a'), task('b')] }),
    goal: () => ({ reached: false, reason: 'more is needed' }),
    replan: () => ({ tasks: [task('c'), task('d')] }),
  })
  const planner = definePlanner({ name: 'author', model: 'sim:m', tools: [note], maxSteps: 3 })
  const meepo = await stage.open({ definitions: [planner], store: 'memory' })
  const { error } = await meepo.run(planner, { goal: 'note it' })
  expect(error).toMatchObject({ code: 'plan.too_large', details: { tasks: 4, most: 3 } })
})
