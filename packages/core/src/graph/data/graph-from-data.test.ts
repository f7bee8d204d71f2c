import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../../base/errors.ts'
import { define } from '../../run/definition.ts'
import { directRun, runDirect } from '../../testing/direct-context.ts'
import { defineTool } from '../../tool/tool.ts'
import { grow } from '../grow.ts'
import { loadExpressions } from './cel.ts'
import { graphFromData } from './graph-from-data.ts'

beforeAll(() => loadExpressions())

const double = define({ name: 'double', input: z.number(), run: async (_ctx, value) => value * 2 })
const echo = defineTool({
  name: 'echo',
  description: 'Says it.',
  effect: 'read',
  input: z.object({ text: z.string() }),
  run: ({ text }) => text,
})
const undone: unknown[] = []
const functions = {
  add: async ({ a, b }: { a: number; b: number }) => a + b,
  id: async (value: unknown) => value,
  fail: async () => {
    throw new MeepoError('step.timeout', 'too slow')
  },
  undo: async (done: unknown) => undone.push(done),
  more: async (value: never) => grow(1, value),
}
const registry = { definitions: [double], tools: [echo], functions }

function run(data: object, input: unknown = null): Promise<unknown> {
  return runDirect(graphFromData({ name: 'g', ...data }, registry), input, directRun())
}

test('a graph of data does what one of code does', async () => {
  const data = {
    version: '2',
    description: 'Adds.',
    input: { type: 'object', properties: { start: { type: 'number' } }, required: ['start'] },
    maxParallel: 2,
    pools: { gpu: 1 },
    onFailure: 'stop',
    reportPartials: false,
    limits: { activeMs: 1000 },
    budget: '$1',
    tasks: {
      left: { run: 'double', input: '=input.start', budget: 0.5, uses: { gpu: 1 }, retry: { maxAttempts: 2 } },
      right: { function: 'add', input: { a: '=input.start', b: 1 }, effect: 'idempotent', output: { type: 'number' } },
      both: { function: 'add', needs: ['left', 'right'], input: { a: '=results.left', b: '=results.right' } },
      never: { function: 'id', needs: ['both'], when: 'results.both > 1000' },
      each: { function: 'id', needs: ['both'], forEach: '[1, 2, results.both]', input: '=item * 2 + index' },
      items: { function: 'id', needs: ['both'], forEach: '[1, 2]' },
      often: {
        function: 'id',
        repeat: { until: 'last > 3', maxTimes: 10 },
        input: '=times == 0 ? dyn(1) : dyn(last * 2)',
      },
      wait: { timer: 5 },
      pause: { timer: '=input.start * 2' },
      inner: {
        graph: { name: 'inner', tasks: { t: { function: 'id' } }, output: '=results.t' },
        input: { x: '=input.start' },
      },
      said: { tool: 'echo', input: { text: 'hi' } },
    },
    output: {
      sum: '=results.both',
      text: '==x',
      why: '=tasks.never.status',
      each: '=results.each',
      often: '=results.often',
      items: '=results.items',
      inner: '=results.inner',
      error: '=tasks.both.?error.hasValue()',
    },
  }
  const result = {
    sum: 16,
    text: '=x',
    why: 'skipped',
    each: [2, 5, 34],
    items: [1, 2],
    often: 4,
    inner: { x: 5 },
    error: false,
  }
  expect(await run(data, { start: 5 })).toEqual(result)
  const graph = graphFromData({ name: 'g', ...data }, registry)
  expect(graph).toMatchObject({
    version: '2',
    limits: { activeMs: 1000, picoDollars: '1000000000000' },
    graph: { maxParallel: 2, onFailure: 'stop' },
  })
  expect(graph.graph.tasks.get('left')?.retry).toMatchObject({ maxAttempts: 2, factor: 2 })
  expect(graph.data).toEqual({ name: 'g', ...data })
})

test('a task may read what its needs need, and a circle of needs ends the search', () => {
  const id = { function: 'id' }
  const chain = {
    a: id,
    b: { ...id, needs: ['a'] },
    c: { ...id, needs: ['b'] },
    d: { ...id, needs: ['c'], input: '=results.a' },
  }
  expect(graphFromData({ name: 'g', tasks: chain }, registry).levels()).toHaveLength(4)
  const circle = { a: { ...id, needs: ['b'], when: 'results.c' }, b: { ...id, needs: ['a'] }, c: id }
  expect(() => graphFromData({ name: 'g', tasks: circle }, registry)).toThrow('it reads task c, which it does not need')
})

test('a graph that names nothing needs no registry', () => {
  expect(graphFromData({ name: 'g', tasks: { a: { timer: 1 } } }).levels()).toEqual([['a']])
  expect(() => graphFromData({ name: 'g', tasks: { a: { tool: 't' } } })).toThrow('there is no tool "t"')
})

test('an optional failure is seen by conditions, and what is done is undone by name', async () => {
  const data = {
    tasks: {
      bad: { function: 'fail', optional: true },
      good: { function: 'id', needs: ['bad'], when: 'tasks.bad.error.code == "step.timeout"' },
    },
    output: { good: '=has(results.good)', code: '=tasks.bad.error.code' },
  }
  expect(await run(data, 1)).toEqual({ good: true, code: 'step.timeout' })
  const failing = {
    tasks: {
      a: { function: 'id', onRollback: { function: 'undo' } },
      b: { function: 'fail', needs: ['a'], onRollback: { run: 'double' } },
    },
  }
  await expect(run(failing, 7)).rejects.toMatchObject({ code: 'graph.task_failed' })
  expect(undone).toEqual([{ input: 7, result: 7 }])
})

test('a task adds tasks that are data, checked as the first ones were', async () => {
  const tasks = { a: { function: 'more', input: '=input' }, end: { function: 'id', needs: ['a'], input: '=results.a' } }
  const grown = (more: object) => run({ tasks, output: '=results' }, { tasks: more })
  expect(await grown({ b: { function: 'id', needs: ['a'], input: '=results.a + 1' } })).toEqual({ a: 1, end: 1, b: 2 })
  await expect(grown({ b: { function: 'ad' } })).rejects.toMatchObject({
    message: expect.stringContaining('there is no function "ad"') as unknown,
  })
  await expect(grown({ b: {} })).rejects.toMatchObject({
    message: expect.stringContaining('expected one of run, tool') as unknown,
  })
})

test('agents of a graph are its own, with tools of the registry', () => {
  const agent = {
    model: 'a:b',
    instructions: 'Do.',
    tools: ['echo'],
    input: { type: 'object' },
    output: { type: 'string' },
    maxTurns: 3,
  }
  const graph = graphFromData(
    {
      name: 'g',
      agents: { writer: agent, plain: { model: 'm', instructions: 'x' } },
      tasks: { a: { run: 'writer' }, b: { run: 'plain' } },
    },
    registry,
  )
  const { work } = graph.graph.tasks.get('a')!
  expect(work).toMatchObject({ kind: 'definition', definition: { name: 'g.writer', maxTurns: 3, tools: [echo] } })
})

test('a value that is not what a condition, list or timer has to give fails its task', async () => {
  const only = (task: object) => run({ tasks: { a: task } }, 'text')
  await expect(only({ function: 'id', when: 'input' })).rejects.toThrow('it gives neither true nor false, in `input`')
  await expect(only({ function: 'id', forEach: 'input' })).rejects.toThrow('forEach of task a gives no list')
  await expect(only({ function: 'id', repeat: { until: 'input', maxTimes: 2 } })).rejects.toThrow(
    'it gives neither true nor false',
  )
  await expect(only({ timer: '=input' })).rejects.toThrow('gives no number of milliseconds')
  await expect(only({ timer: '=0 - 5' })).rejects.toThrow('gives no number of milliseconds')
})

function problemsOf(data: unknown): string[] {
  try {
    graphFromData(data, registry)
  } catch (thrown) {
    if (!MeepoError.is(thrown)) throw thrown
    return [thrown.code, ...thrown.message.replace(/^graph \S+ ?/, '').split('; ')]
  }
  return []
}

test('everything that is wrong is told at once, with its path', () => {
  const data = {
    name: 'x',
    input: { type: 'strin' },
    agents: { w: { model: 'm', instructions: 'x', tools: ['ecko'], output: { typ: 1 } } },
    tasks: {
      a: { run: 'doubel', onRollback: { function: 'undu' } },
      b: { function: 'ad', needs: ['aa'], when: '1 +' },
      c: { when: 'results.a > 1', function: 'id', output: { type: 7 } },
      d: { tool: 'eco', input: { x: '=results.zz' } },
    },
    output: '=results.cc',
  }
  expect(() => graphFromData(data, registry)).toThrow(expect.objectContaining({ code: 'graph.invalid' }))
  const paths = (() => {
    try {
      graphFromData(data, registry)
    } catch (thrown) {
      return (thrown as MeepoError).details?.['problems'] as unknown as { path: string; message: string }[]
    }
    return []
  })()
  expect(paths.map(({ path, message }) => `${path} ${message.slice(0, 60)}`)).toMatchInlineSnapshot(`
    [
      "agents.w.output.typ there is no keyword typ; did you mean type?",
      "agents.w.tools[0] there is no tool "ecko"; did you mean echo?",
      "tasks.b.needs[0] there is no task aa; did you mean a?",
      "tasks.a.run there is no agent, graph or other definition "doubel"; did y",
      "tasks.a.onRollback there is no function "undu"; did you mean undo?",
      "tasks.b.function there is no function "ad"; did you mean add, id?",
      "tasks.b.when Unexpected token: EOF, in \`1 +\` at character 4",
      "tasks.c.when it reads task a, which it does not need",
      "tasks.c.output.type expected one of null, boolean, integer, number, string, arra",
      "tasks.d.tool there is no tool "eco"; did you mean echo?",
      "tasks.d.input there is no task zz; there is a, b, c, d",
      "input.type expected one of null, boolean, integer, number, string, arra",
      "output there is no task cc; did you mean c?",
    ]
  `)
})

test.for<[unknown, string, string]>([
  [null, 'graph.invalid', 'expected object'],
  [[], 'graph.invalid', 'expected object'],
  [{ tasks: {} }, 'graph.invalid', 'name is missing'],
  [{ name: 'x', tasks: {} }, 'graph.invalid', 'tasks: expected at least 1 properties'],
  [
    { name: 'x', tasks: { a: { run: 'double', tool: 'echo' } } },
    'graph.invalid',
    'tasks.a: it has run and tool, and a task does one thing',
  ],
  [
    { name: 'x', tasks: { a: {} } },
    'graph.invalid',
    'tasks.a: expected one of run, tool, function, signal, timer, graph',
  ],
  [{ name: 'x', tasks: { a: { run: 'double', join: 'some', wen: 1 } } }, 'graph.invalid', 'did you mean when?'],
  [{ name: 'x', tasks: { a: { run: 'double', join: true } } }, 'graph.invalid', 'tasks.a.join: expected one of'],
  [
    { name: 'x', tasks: { a: { run: 'double', onRollback: {} } } },
    'graph.invalid',
    'tasks.a.onRollback: it fits none of the 2 forms',
  ],
  [
    { name: 'x', tasks: { a: { run: 'double', onRollback: [] } } },
    'graph.invalid',
    'tasks.a.onRollback: it fits none of the 2 forms',
  ],
  [{ name: 'x', tasks: { a: { run: 'double', needs: [7] } } }, 'graph.invalid', 'tasks.a.needs[0]: expected string'],
  [{ name: 'x', tasks: { 'a b': { function: 'id' } } }, 'graph.invalid', 'the task id "a b" must begin with'],
  [
    { name: 'x', tasks: { a: { function: 'id', needs: ['b'] }, b: { function: 'id', needs: ['a'] } } },
    'graph.cycle',
    'a needs b needs a',
  ],
  [
    { name: 'x', tasks: { a: { function: 'id', when: 'inputs.a == 1' } } },
    'expression.invalid',
    'tasks.a.when: Unknown variable: inputs',
  ],
  [
    { name: 'x', tasks: { a: { function: 'id', input: ['=1 +'] } } },
    'expression.invalid',
    'tasks.a.input[0]: Unexpected token',
  ],
  [
    { name: 'x', tasks: { a: { function: 'id' } }, output: { y: '=1 +' } },
    'expression.invalid',
    'output.y: Unexpected token',
  ],
  [
    { name: 'x', budget: 'lots', tasks: { a: { function: 'id' } } },
    'graph.invalid',
    'budget: "lots" is no amount of dollars',
  ],
  [
    { name: 'x', tasks: { a: { signal: 's', retry: {} } } },
    'graph.invalid',
    'tasks.a.retry: a task that waits has no such thing',
  ],
  [{ name: 'x', tasks: { a: { timer: -1 } } }, 'graph.invalid', 'tasks.a.timer: expected 0 or more'],
  [{ name: 'x', tasks: { a: { timer: '5s' } } }, 'graph.invalid', 'a text has to be an expression that begins with ='],
  [{ name: 'x', tasks: { a: { timer: '="a"' } } }, 'expression.invalid', 'it gives string and has to give a number'],
  [
    { name: 'x', tasks: { a: { run: 'double', effect: 'once', schema: true } } },
    'graph.invalid',
    'only a function has an effect',
  ],
  [
    { name: 'x', tasks: { a: { graph: { name: 'y', tasks: { b: { run: 'none' } } } } } },
    'graph.invalid',
    'tasks.a.graph.tasks.b.run: there is no agent',
  ],
  [
    { name: 'x', tasks: { a: { graph: { name: 'y z', tasks: { b: { run: 'double' } } } } } },
    'graph.invalid',
    'tasks.a.graph: name "y z"',
  ],
  [
    { name: 'x', tasks: { a: { function: 'id', concurrency: 2 } } },
    'graph.invalid',
    'concurrency and optionalItems are for tasks with forEach',
  ],
  [{ name: 'x', tasks: { a: { function: 'toString' } } }, 'graph.invalid', 'there is no function "toString"'],
  [
    { name: 'x', agents: { a: { model: 'm', instructions: 'x', budget: 'no' } }, tasks: { a: { function: 'id' } } },
    'graph.invalid',
    'agents.a: "no" is no amount',
  ],
  [{ name: 'x', tasks: { a: { function: 'id', input: () => 1 } } }, 'graph.invalid', 'a function'],
  [
    { name: 'x', input: { type: 'string' }, tasks: { a: { run: 'double' } } },
    'graph.invalid',
    'tasks.a: the input of the graph does not fit: it is string and has to be number',
  ],
  [
    { name: 'x', tasks: { a: { graph: { name: 'y', tasks: { b: { tool: 'echo', input: { text: 7 } } } } } } },
    'graph.invalid',
    'tasks.a.graph.tasks.b.input: its input does not fit: text: expected string',
  ],
  [
    { name: 'x', budget: 1, tasks: { a: { run: 'double', expects: { dollars: 2 } } } },
    'graph.over_budget',
    'is likely to cost $2',
  ],
])('%j is refused with %s: %s', ([data, code, said]) => {
  const problems = problemsOf(data)
  expect(problems[0]).toBe(code)
  expect(problems.join('; ')).toContain(said)
})

test('a task that never runs is no mistake', () => {
  const tasks = { a: { function: 'id', when: '1 > 2' }, b: { run: 'double', needs: ['a'], input: 'text' } }
  expect(problemsOf({ name: 'x', tasks })).toEqual([])
})

test('a circle of objects is refused, and more problems than anybody reads are counted', () => {
  const circle: Record<string, unknown> = { name: 'x' }
  circle['tasks'] = circle
  expect(problemsOf(circle).join()).toContain('graph.invalid')
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`t${at}`, { function: `f${at}` }]))
  expect(problemsOf({ name: 'x', tasks: many }).at(-1)).toBe('and 20 more')
  const hostile = {
    name: 'x',
    get tasks(): never {
      throw new Error('no')
    },
  }
  expect(problemsOf(hostile).join()).toContain('it is no JSON')
})
