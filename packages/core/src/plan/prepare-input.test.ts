import { expect, test } from 'vitest'
import * as z from 'zod'
import { createToolShed } from '../../test/planner-world.ts'
import { define } from '../run/definition.ts'
import type { PlannedTask } from './plan.ts'
import { prepareInput, verdictText, type Known } from './prepare-input.ts'
import { makeWorkers, type Worker } from './workers.ts'

const writer = define({ name: 'writer', input: z.string(), run: () => Promise.resolve('text') })
const workers = makeWorkers(createToolShed().tools, [writer], {})
const tool = workers.tools.get('add') as Worker
const agent = workers.agents.get('writer') as Worker
const known: Known = {
  goal: { goal: 'tides', context: { place: { name: 'Brest' } } },
  results: new Map([['a', { list: [{ id: 7 }] }]]),
  skipped: new Set(['gone']),
}
const task = (more: Partial<PlannedTask>): PlannedTask => ({ id: 't', ...more })

test('results, goal and context stand in the places of references', () => {
  const input = {
    id: { $result: 'a', path: 'list.0.id' },
    all: { $result: 'a' },
    goal: { $result: 'goal' },
    place: { $result: 'context', path: 'place.name' },
  }
  expect(prepareInput(task({ input }), tool, known)).toEqual({
    id: 7,
    all: { list: [{ id: 7 }] },
    goal: 'tides',
    place: 'Brest',
  })
  const bare = { ...known, goal: { goal: 'tides' } }
  expect(prepareInput(task({ input: [{ $result: 'context' }] }), tool, bare)).toEqual([null])
})

test('a result of a task that was skipped is null, and so is every part of it', () => {
  const input = {
    one: { $result: 'gone' },
    other: { $result: 'gone', path: 'a.b' },
    there: { $result: 'a', path: 'list' },
  }
  expect(prepareInput(task({ input }), tool, known)).toEqual({ one: null, other: null, there: [{ id: 7 }] })
})

test('a reference that leads nowhere is an error', () => {
  expect(() => prepareInput(task({ input: { $result: 'a', path: 'none' } }), tool, known)).toThrow(
    /has nothing at "none"/,
  )
  expect(() => prepareInput(task({ input: { $result: 'never' } }), tool, known)).toThrow(/no result of never/)
})

test('without an input a tool gets no arguments, and an aggregator goal and results', () => {
  expect(prepareInput(task({}), tool, known)).toEqual({})
  expect(prepareInput(task({ role: 'aggregator', needs: ['a', 'gone'] }), tool, known)).toEqual({
    goal: 'tides',
    results: { a: { list: [{ id: 7 }] }, gone: null },
  })
})

test('an agent that takes a text gets it written out, with the results that nothing refers to', () => {
  expect(prepareInput(task({ input: 'Write.' }), agent, known)).toBe('Write.')
  expect(prepareInput(task({ input: 'Write.', needs: ['a'] }), agent, known)).toBe(
    'Write.\n\nResults of earlier tasks: {"a":{"list":[{"id":7}]}}',
  )
  expect(prepareInput(task({ input: { of: { $result: 'a', path: 'list.0.id' } }, needs: ['a'] }), agent, known)).toBe(
    '{"of":7}',
  )
  expect(prepareInput(task({ role: 'aggregator', needs: ['a'] }), agent, known)).toBe(
    '{"goal":"tides","results":{"a":{"list":[{"id":7}]}}}',
  )
  expect(prepareInput(task({ input: 'Judge.', role: 'validator' }), agent, known)).toBe(`Judge.\n\n${verdictText}`)
})
