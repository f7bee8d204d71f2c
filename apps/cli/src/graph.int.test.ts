import { mkdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runInside } from '../test-support/inside.ts'
import { openModel, type TestModel } from '../test-support/model.ts'
import { createProject, type Ended, type Project } from '../test-support/project.ts'

let model: TestModel
beforeAll(async () => {
  model = await openModel()
})
afterAll(() => model.simulator.close())

const words = `# yaml-language-server: $schema=graph.schema.json
name: words
input: { type: object, properties: { word: { type: string } }, required: [word] }
tasks:
  look: { tool: look_up, input: { word: =input.word }, expects: { ms: 20 } }
  ask: { run: agent, needs: [look], input: '="find " + input.word', expects: { ms: 1500, dollars: 0.02 } }
  long:
    tool: look_up
    needs: [ask]
    when: size(results.ask) > 1000
    input: { word: no }
output: { look: =results.look, long: =tasks.long.status, ask: =results.ask }
`

function project(files: Readonly<Record<string, string>> = { 'words.yaml': words }): Project {
  const made = createProject(onTestFinished, model.url)
  if (Object.keys(files).some((name) => name.startsWith('workflows/'))) mkdirSync(made.path('workflows'))
  for (const [name, text] of Object.entries(files)) made.write(name, text)
  return made
}

function inside(one: Project, ...args: string[]): Promise<Ended> {
  return runInside(one, model.url, ...args)
}

test('a YAML file runs, with the names of the configuration', async () => {
  const { code, out, err } = await inside(project(), 'run', 'words.yaml', '--input', '{"word":"otter"}')
  expect(err).toMatch(/✓ words r\S+ completed/)
  expect(JSON.parse(out)).toEqual({ look: 'otter is a word', long: 'skipped', ask: 'Answer: otter is a word.' })
  expect(code).toBe(0)
})

test('files beside the configuration are known by name, and run each other in any order', async () => {
  const outer = 'name: outer\ntasks:\n  inner: { run: words, input: { word: otter } }\noutput: =results.inner.look\n'
  const one = project({ 'workflows/a.yaml': outer, 'workflows/b.yaml': words, 'workflows/notes.txt': 'no graph' })
  const { code, out } = await inside(one, 'run', 'outer')
  expect(out).toBe('otter is a word\n')
  expect(code).toBe(0)
  expect((await inside(one, 'run', 'workflows/a.yaml')).out).toBe('otter is a word\n')
})

test('a folder without a configuration runs a file with agents of its own up to the missing key', async () => {
  const one = project({
    'meepo.yaml':
      'name: m\nagents:\n  a: { model: "none:m", instructions: Answer. }\ntasks:\n  t: { run: a, input: hello }\n',
  })
  const { code, err } = await inside(one, 'run', 'm')
  expect(err).toContain('m.a')
  expect(code).not.toBe(0)
})

test('what is wrong with a file is told with file, line and column', async () => {
  const wrong = 'name: w\ntasks:\n  look:\n    tool: lok_up\n    needs: [nobody]\n    when: 1 +\n'
  const { code, err } = await inside(project({ 'w.yaml': wrong }), 'run', 'w.yaml')
  expect(err).toContain('graph.invalid: w.yaml:5:13: tasks.look.needs[0]: there is no task nobody; there is look')
  expect(err).toContain('w.yaml:4:5: tasks.look.tool: there is no tool "lok_up"; did you mean look_up?')
  expect(err).toContain('w.yaml:6:5: tasks.look.when: Unexpected token: EOF, in `1 +` at character 4')
  expect(code).toBe(2)
})

test.for([
  ['name: [\n', 'file.invalid: bad.yaml:'],
  ['a: &a [x]\nb: !!js/function x\n', 'file.invalid: bad.yaml:2:4'],
  ['name: x\nname: y\n', 'file.invalid: bad.yaml:2:1: Map keys must be unique'],
  ['name: x\ntasks: { a: { tool: look_up, when: input.a, inpt: 1 } }\n', 'did you mean input?'],
  ['', 'graph.invalid'],
])('a file of %j is refused', async ([text, said]) => {
  const { code, err } = await inside(project({ 'bad.yaml': text! }), 'graph', 'check', 'bad.yaml')
  expect(err).toContain(said)
  expect(code).toBe(2)
})

test('files that are not there, names that are no graph, and two drawings at once are refused', async () => {
  const one = project()
  expect(await inside(one, 'graph', 'show', 'none.yaml')).toMatchObject({
    code: 2,
    err: expect.stringContaining('input.unreadable'),
  })
  expect(await inside(one, 'graph', 'show', 'agent')).toMatchObject({
    code: 2,
    err: expect.stringContaining('agent is no graph'),
  })
  expect(await inside(one, 'graph', 'show', 'words.yaml', '--dot', '--mermaid')).toMatchObject({ code: 2 })
})

test('two files of one name, and files in a circle, are refused', async () => {
  const two = project({ 'workflows/a.yaml': words, 'workflows/b.yaml': words })
  expect((await inside(two, 'run', 'words')).err).toContain('definition.duplicate: workflows/a.yaml:2:1')
  const ring = (name: string, other: string): string => `name: ${name}\ntasks:\n  t: { run: ${other} }\n`
  const circle = project({ 'workflows/a.yaml': ring('a', 'b'), 'workflows/b.yaml': ring('b', 'a') })
  expect((await inside(circle, 'run', 'a')).err).toContain('graph.cycle')
})

test('a graph is shown as text, Mermaid, DOT, JSON and YAML', async () => {
  const one = project()
  const show = async (...flags: string[]): Promise<string> =>
    (await inside(one, 'graph', 'show', 'words.yaml', ...flags)).out
  expect(await show()).toContain('graph words: 3 tasks in 3 levels\nlevel 1\n  look  calls look_up\n')
  expect(await show('--mermaid')).toContain('flowchart TD\n  t0[["look<br/>calls look_up"]]')
  expect(await show('--dot')).toContain('digraph "words" {')
  expect(JSON.parse(await show('--json'))).toMatchObject({ name: 'words', tasks: { look: { tool: 'look_up' } } })
  one.write('again.yaml', await show('--yaml'))
  expect((await inside(one, 'graph', 'show', 'again.yaml', '--yaml')).out).toBe(await show('--yaml'))
})

test('a graph of code is shown as well; what only code can say is told', async () => {
  const one = project()
  expect((await inside(one, 'graph', 'show', 'graph')).out).toContain('graph graph: 2 tasks in 2 levels')
  const { code, err } = await inside(one, 'graph', 'show', 'graph', '--yaml')
  expect(err).toContain('graph.not_data')
  expect(code).not.toBe(0)
})

test('a check tells what can never work', async () => {
  const one = project({
    'words.yaml': words,
    'odd.yaml':
      'name: odd\ntasks:\n  a: { tool: look_up, input: { word: x } }\n  b: { tool: look_up, when: 1 > 2, input: { word: x } }\n',
  })
  expect(await inside(one, 'graph', 'check', 'words.yaml')).toMatchObject({
    code: 0,
    out: 'graph words is sound: 3 tasks, 3 deep\n',
  })
  const odd = await inside(one, 'graph', 'check', 'odd.yaml')
  expect(odd).toMatchObject({
    code: 0,
    out: expect.stringContaining('warning: task b: its condition is never true: 1 > 2'),
  })
  const findings = await inside(one, 'graph', 'check', 'odd.yaml', '--json')
  expect(JSON.parse(findings.out)).toMatchObject({ ok: true, findings: [{ kind: 'never_runs', task: 'b' }] })
})

test('an estimate is of what tasks expect, then of past runs, and a budget refuses it', async () => {
  const one = project()
  const first = await inside(one, 'graph', 'estimate', 'words.yaml')
  expect(first.out).toMatch(/of what its tasks expect\n {2}time {3}p50 1\.5 s/)
  expect(first.out).toContain('cost   p50 $0.02')
  expect(first.code).toBe(0)
  const over = await inside(one, 'graph', 'estimate', 'words.yaml', '--budget', '0.01')
  expect(over.err).toContain('graph.over_budget')
  expect(over.code).toBe(2)
  await inside(one, 'run', 'words.yaml', '--input', '{"word":"otter"}')
  const json = await inside(one, 'graph', 'estimate', 'words.yaml', '--json')
  expect(JSON.parse(json.out)).toMatchObject({
    graph: 'words',
    runs: 1,
    criticalPath: { tasks: ['look', 'ask', 'long'] },
  })
})

test('a run that is likely to cost more than its budget is refused, unless told to go on', async () => {
  const one = project()
  const run = (...flags: string[]): Promise<Ended> =>
    inside(one, 'run', 'words.yaml', '--input', '{"word":"otter"}', ...flags)
  const over = await run('--budget', '0.01')
  expect(over.err).toContain('graph.over_budget: graph words is likely to cost $0.02, as its tasks expect')
  expect(over).toMatchObject({ code: 2, out: '' })
  expect((await run('--budget', '0.01', '--ignore-estimate', '--unpriced', 'allow_flagged')).code).toBe(0)
  // A run that exists is not refused, whatever others have cost.
  expect((await run('--budget', '1', '--unpriced', 'allow_flagged', '--run-id', 'mine')).code).toBe(0)
  expect((await run('--budget', '1', '--run-id', 'mine')).code).toBe(0)
})

test('an input that can never fit is refused with its place before anything runs', async () => {
  const wrong =
    'name: wrong\ntasks:\n  a: { tool: look_up, input: { word: 7 } }\n  b:\n    run: agent\n    needs: [a]\n    input: { text: 3 }\n'
  const one = project({ 'wrong.yaml': wrong })
  for (const command of [['run'], ['graph', 'check']]) {
    const { code, out, err } = await inside(one, ...command, 'wrong.yaml')
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('wrong.yaml:3:23: tasks.a.input: its input does not fit: word: expected string')
    expect(err).toContain('wrong.yaml:7:5: tasks.b.input: its input does not fit: it is object and has to be string')
  }
})
