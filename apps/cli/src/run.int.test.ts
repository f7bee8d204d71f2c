import { existsSync } from 'node:fs'
import type { Fault } from '@meepo/simulator'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runInside } from '../test-support/inside.ts'
import { createProject, type Ended, type Project } from '../test-support/project.ts'
import { openModel, type TestModel } from '../test-support/model.ts'

let model: TestModel
beforeAll(async () => {
  model = await openModel()
})
afterEach(() => {
  model.override = undefined
})
afterAll(() => model.simulator.close())

function project(url: string = model.url): Project {
  return createProject(onTestFinished, url)
}

function inside(one: Project, ...args: string[]): Promise<Ended> {
  return runInside(one, model.url, ...args)
}

test('the result goes to stdout, progress to stderr', async () => {
  const { code, out, err } = await inside(project(), 'run', 'agent', '--input', '"find otter"')
  expect(out).toBe('Answer: otter is a word.\n')
  expect(err).toMatch(/^run r\S+\n/)
  expect(err).toMatch(/agent {2}local:test \d+ ms, turn 1\/20, \d+ tokens\n/)
  expect(err).toMatch(/agent {2}look_up \d+ ms\n/)
  expect(err).toMatch(/✓ agent r\S+ completed · .* · 2 turns · \d+ tokens\n$/)
  expect(err).not.toContain('\u001b')
  expect(code).toBe(0)
})

test('a graph tells its children, and its result is JSON', async () => {
  const { code, out, err } = await inside(project(), 'run', 'graph@1', '--input', '{"word":"find otter"}')
  expect(JSON.parse(out)).toEqual({ first: 'Answer: otter is a word.', second: 24 })
  expect(err).toMatch(/graph {2}started agent/)
  expect(err).toMatch(/agent {2}look_up/)
  expect(code).toBe(0)
})

test('--json prints the record and nothing else', async () => {
  const { out } = await inside(project(), 'run', 'agent', '--input', '"find otter"', '--json')
  expect(JSON.parse(out)).toMatchObject({
    success: true,
    iterations: 2,
    history: [{ step: 'model' }, { tool: 'look_up' }, { step: 'model' }],
  })
})

test('--json tells a failed run by its record as well', async () => {
  model.override = () => ({ fault: { kind: 'refuse', status: 401 } })
  const { code, out } = await inside(project(), 'run', 'agent', '--input', '"x"', '--json')
  expect(JSON.parse(out)).toMatchObject({ success: false, error: { code: 'model.unauthorized' } })
  expect(code).toBe(2)
})

test('--budget refuses a model without a price, --unpriced lets it go, and --actor says whose it is', async () => {
  const one = project()
  const ask = (...more: string[]): Promise<Ended> =>
    inside(one, 'run', 'agent', '--input', '"find otter"', '--actor', 'bob', ...more)
  const before = model.simulator.journal.entries().length
  const refused = await ask('--budget', '5', '--json')
  expect(JSON.parse(refused.out)).toMatchObject({
    error: { code: 'budget.exceeded', details: { budget: 'run', isUnpriced: true } },
  })
  expect(model.simulator.journal.entries()).toHaveLength(before)
  expect((await ask('--budget', '5', '--unpriced', 'allow_flagged')).code).toBe(0)
  const { runId } = JSON.parse(refused.out) as { runId: string }
  expect((await inside(one, 'resume', runId, '--unpriced', 'allow_flagged')).code).toBe(0)
  expect((await inside(one, 'cost', '--by', 'user')).out).toMatch(/\nbob /)
})

test('--stream text prints the text once, while it arrives', async () => {
  const { code, out } = await inside(project(), 'run', 'agent', '--input', '"find otter"', '--stream', 'text')
  expect(out).toBe('Answer: otter is a word.\n')
  expect(code).toBe(0)
})

test('--stream text prints the result of a run that has no text', async () => {
  const { out } = await inside(project(), 'run', 'graph', '--input', '{"word":"hi"}', '--stream', 'text')
  expect(JSON.parse(out)).toMatchObject({ second: 11 })
})

test('--stream events prints one JSON line an event, the result last', async () => {
  const { out } = await inside(project(), 'run', 'agent', '--input', '"find otter"', '--stream', 'events')
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string })
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['text', 'tool.started', 'tool.finished', 'progress']),
  )
  expect(events.at(-1)).toMatchObject({ type: 'final', result: 'Answer: otter is a word.' })
})

test('the input may come from stdin or a file', async () => {
  const one = project()
  one.write('in.json', '"find file"')
  const piped = await one.start(['run', 'agent', '--input', '-'], { stdin: '"find pipe"' }).ended
  const read = await inside(one, 'run', 'agent', '--input', '@in.json')
  expect(piped.out).toBe('Answer: pipe is a word.\n')
  expect(read.out).toBe('Answer: file is a word.\n')
})

test('the same run id and input is the same run, other input is refused', async () => {
  const one = project()
  const before = model.simulator.journal.totals().requests
  const first = await inside(one, 'run', 'agent', '--input', '"hi"', '--run-id', 'mine', '--tenant', 'acme')
  const again = await inside(one, 'run', 'agent', '--input', '"hi"', '--run-id', 'mine', '--tenant', 'acme')
  const other = await inside(one, 'run', 'agent', '--input', '"ho"', '--run-id', 'mine', '--tenant', 'acme')
  expect(again.out).toBe(first.out)
  expect(model.simulator.journal.totals().requests - before).toBe(1)
  expect(other).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^run\.exists: /) })
})

test('the configuration is found from a folder below, and its store lies beside it', async () => {
  const one = project()
  one.write(
    'other.config.ts',
    one.read('meepo.config.ts').replace('definitions:', "store: 'elsewhere/runs.db', definitions:"),
  )
  const { code } = await inside(one, 'run', 'agent', '--input', '"hi"', '--config', 'other.config.ts')
  expect(code).toBe(0)
  expect(existsSync(one.path('elsewhere/runs.db'))).toBe(true)
  expect(existsSync(one.path('.meepo'))).toBe(false)
})

const broken: [string, string, string, RegExp][] = [
  ['a syntax error', 'export default {\n  definitions: [\n', 'config.broken', /meepo\.config\.ts/],
  ['a missing import', "import './nowhere.ts'\nexport default {}", 'config.broken', /nowhere\.ts/],
  ['an exception', "throw new Error('no luck')", 'config.broken', /no luck/],
  ['no default export', 'export const a = 1', 'config.invalid', /no default export/],
  ['a wrong field', 'export default { definitions: [], concurrency: "many" }', 'config.invalid', /concurrency/],
  ['an unknown field', 'export default { definitions: [], storre: "x" }', 'config.invalid', /storre/],
  ['a definition that is none', 'export default { definitions: [{ name: "x" }] }', 'config.invalid', /definitions\.0/],
  [
    'a cyclic graph',
    `import { defineGraph, task } from 'meepo'
     const run = async () => 1
     export default { definitions: [defineGraph({ name: 'g', tasks: { a: task({ needs: ['b'], run }), b: task({ needs: ['a'], run }) } })] }`,
    'graph.cycle',
    /a/,
  ],
]
test.each(broken)('%s in the configuration is told by its code', async (_what, text, expected, place) => {
  const one = project()
  one.write('meepo.config.ts', text)
  const { code, out, err } = await one.meepo('run', 'agent', '--input', '"hi"')
  expect(err).toMatch(new RegExp(`^${expected.replace('.', '\\.')}: `))
  expect(err).toMatch(place)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(existsSync(one.path('.meepo'))).toBe(false)
})

const refused: [string, string[], string][] = [
  [
    'an unknown definition',
    ['run', 'nobody'],
    'definition.unknown: no definition nobody; known are agent, graph, patient',
  ],
  ['input against the schema', ['run', 'graph', '--input', '{"word":7}'], 'input.invalid: input of graph: word: '],
  ['no input where one is needed', ['run', 'agent'], 'input.invalid: input of agent: '],
  ['malformed JSON', ['run', 'agent', '--input', '{"a":,}'], 'config.invalid: --input is no JSON'],
  [
    'a text without quotes',
    ['run', 'agent', '--input', 'hello'],
    `config.invalid: --input is no JSON; a text needs quotes of its own: '"text"'`,
  ],
  [
    'a missing input file',
    ['run', 'agent', '--input', '@missing.json'],
    'input.unreadable: the input file missing.json cannot be read (ENOENT)',
  ],
  [
    'a missing configuration',
    ['run', 'agent', '--config', 'nowhere.ts'],
    'config.not_found: there is no configuration /',
  ],
  ['an unknown command', ['rum'], "config.invalid: unknown command 'rum'"],
  ['an unknown option', ['run', 'agent', '--fast'], "config.invalid: unknown option '--fast'"],
  [
    'a wrong duration',
    ['run', 'agent', '--deadline', 'soon'],
    "config.invalid: option '--deadline <duration>' argument 'soon' is invalid",
  ],
  [
    'a wrong count',
    ['run', 'agent', '--max-turns', '0'],
    "config.invalid: option '--max-turns <n>' argument '0' is invalid",
  ],
  ['two ways of output', ['run', 'agent', '--json', '--stream', 'text'], 'config.invalid: option'],
  ['looking where nothing is', ['runs'], 'store.not_found: there is no database /'],
  ['resuming where nothing is', ['resume', 'r1'], 'store.not_found: there is no database /'],
]
test.each(refused)('%s is refused before anything is written', async (_what, args, message) => {
  const one = project()
  const { code, out, err } = await one.meepo(...args)
  expect(err.slice(0, message.length)).toBe(message)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(existsSync(one.path('.meepo'))).toBe(false)
})

const faults: [string, Fault, string, 'trace' | 'resume'][] = [
  ['refuses', { kind: 'refuse', status: 400 }, 'model.rejected', 'trace'],
  ['is overloaded', { kind: 'refuse', status: 529 }, 'model.overloaded', 'resume'],
  ['hangs', { kind: 'hang' }, 'model.timeout', 'resume'],
  ['cuts its answer', { kind: 'cut', afterChunks: 1, by: 'rst' }, 'model.interrupted', 'resume'],
]
test.each(faults)('a provider that %s fails the run with one message', async (_what, fault, expected, next) => {
  model.override = () => ({ text: 'half of an answer', fault })
  const one = project()
  const { code, out, err } = await one.meepo('run', 'agent', '--input', '"hi"', '--run-id', 'r1')
  expect(err).toMatch(new RegExp(`^${expected.replace('.', '\\.')}: .+\n {2}.+\nmeepo ${next} r1\n$`, 'm'))
  expect(err.match(/^model\./gm)).toHaveLength(1)
  expect({ code, out }).toEqual({ code: 1, out: '' })
})

test('a provider that is not there is told', async () => {
  const { code, err } = await project('http://127.0.0.1:9/v1').meepo('run', 'agent', '--input', '"hi"')
  expect(err).toMatch(/^model\.unavailable: /m)
  expect(code).toBe(1)
})
