import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planGraph } from './plan.ts'

function tasks(needs: Record<string, readonly string[]>): Record<string, { readonly needs: readonly string[] }> {
  return Object.fromEntries(Object.entries(needs).map(([id, wanted]) => [id, { needs: wanted }]))
}

function order(needs: Record<string, readonly string[]>): string[] {
  return planGraph('g', tasks(needs))
    .toSorted((a, b) => a.place - b.place)
    .map(({ id }) => id)
}

test('the longest way to the end goes first, then the order of declaration', () => {
  expect(order({ b: [], a: [], long: [], middle: ['long'], end: ['middle', 'a'] })).toEqual([
    'long',
    'a',
    'middle',
    'b',
    'end',
  ])
})

test.each<[string, Record<string, readonly string[]>, string]>([
  ['empty', {}, 'graph g: it has no tasks'],
  ['a missing need', { a: ['b'] }, 'graph g: task a needs "b", which does not exist'],
  ['a need twice', { a: [], b: ['a', 'a'] }, 'graph g: task b names one of its needs twice'],
  ['a need inherited by all objects', { a: ['toString'] }, 'task a needs "toString", which does not exist'],
  ['an empty id', { '': [] }, 'the task id "" must begin with a letter'],
  ['an id with a blank', { 'a b': [] }, 'the task id "a b" must begin with a letter'],
  ['an id with a meaning of its own', JSON.parse('{"__proto__": []}'), 'the task id "__proto__" must begin'],
])('a malformed graph is refused: %s', (_case, needs, message) => {
  expect(() => order(needs)).toThrow(expect.objectContaining({ code: 'graph.invalid' }))
  expect(() => order(needs)).toThrow(message)
})

test('a graph of more than 100,000 tasks is refused', () => {
  const ids = Array.from({ length: 100_001 }, (_, index) => [`t${index}`, []])
  expect(() => order(Object.fromEntries(ids))).toThrow('it has 100001 tasks; 100000 are allowed')
})

test.each<[string, Record<string, readonly string[]>, string, string[]]>([
  ['of one', { a: ['a'] }, 'graph g: a needs a', ['a']],
  ['of two', { a: ['b'], b: ['a'] }, 'graph g: a needs b needs a', ['a', 'b']],
  [
    'in front of other tasks',
    { start: [], behind: ['x', 'start'], x: ['start', 'z'], y: ['x'], z: ['y'] },
    'graph g: x needs z needs y needs x',
    ['x', 'z', 'y'],
  ],
])('a circle is named: %s', (_case, needs, message, circle) => {
  expect(() => order(needs)).toThrow(
    expect.objectContaining({ code: 'graph.cycle', message, details: { tasks: circle } }),
  )
})

test('a graph is refused exactly when it has a circle, and the circle named is one', () => {
  const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 14 })
  fc.assert(
    fc.property(edges, (pairs) => {
      const needs = Array.from({ length: 8 }, (_, task) => [
        ...new Set(pairs.filter(([from]) => from === task).map(([, to]) => `t${to}`)),
      ])
      const named = Object.fromEntries(needs.map((wanted, task) => [`t${task}`, wanted]))
      const reach = (from: string, seen = new Set<string>()): Set<string> => {
        for (const next of named[from] ?? []) if (!seen.has(next)) reach(next, seen.add(next))
        return seen
      }
      const isCyclic = Object.keys(named).some((id) => reach(id).has(id))
      try {
        planGraph('g', tasks(named))
        expect(isCyclic).toBe(false)
      } catch (thrown) {
        const { code, details } = thrown as { code: string; details: { tasks: string[] } }
        expect([code, isCyclic]).toEqual(['graph.cycle', true])
        const circle = details.tasks
        for (const [at, id] of circle.entries()) expect(named[id]).toContain(circle[(at + 1) % circle.length])
      }
    }),
  )
})
