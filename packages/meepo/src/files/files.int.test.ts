import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { define, defineTool, type MeepoError } from '@meepo/core'
import { createMeepo } from '../create-meepo.ts'
import {
  findGraphFiles,
  graphDataJsonSchema,
  graphFromData,
  graphToData,
  graphToYaml,
  loadGraphFiles,
  maxFileBytes,
  parseGraphFile,
  parseYaml,
  readGraphFile,
} from './index.ts'
import { anySchema } from '../../test-support/any-schema.ts'

const registry = {
  definitions: [define({ name: 'worker', input: anySchema, run: async (_ctx, input) => input })],
  tools: [defineTool({ name: 'look', description: 'Looks.', effect: 'read', input: anySchema, run: (args) => args })],
  functions: { id: async (value: unknown) => value },
}

const schemaFile = join(import.meta.dirname, '../../graph.schema.json')

test('the published schema is the one that graphs are checked with', () => {
  expect(JSON.parse(readFileSync(schemaFile, 'utf8'))).toEqual(graphDataJsonSchema)
})

const one = (task: object, more: object = {}): object => ({ name: 'g', tasks: { a: task }, ...more })

test.for<[unknown, boolean]>([
  [one({ run: 'worker' }), true],
  [
    one({ tool: 'look', retry: { maxAttempts: 2 }, join: { atLeast: 1 }, needs: [] }, { version: '2', budget: '$5' }),
    false,
  ],
  [one({ function: 'id', effect: 'once', expects: { ms: 0 }, onRollback: { run: 'worker' } }), true],
  [one({ signal: 's', schema: { type: 'object' } }), true],
  [one({ timer: '=1 + 1' }), true],
  [one({ graph: one({ run: 'worker' }) }), true],
  [one({ graph: one({ run: 'worker', x: 1 }) }), false],
  [one({}), false],
  [one({ run: 'worker', tool: 'look' }), false],
  [one({ run: 7 }), false],
  [one({ run: '' }), false],
  [one({ run: 'worker', join: 'some' }), false],
  [one({ run: 'worker', when: '' }), false],
  [one({ run: 'worker', needs: ['a', 'a'] }), false],
  [one({ run: 'worker', timeoutMs: 0 }), false],
  [one({ run: 'worker', repeat: { until: 'true' } }), false],
  [one({ run: 'worker' }, { maxParallel: 1_001 }), false],
  [one({ run: 'worker' }, { agents: { x: { model: 'a' } } }), false],
  [one({ run: 'worker' }, { agents: { x: { model: 'a', instructions: 'b' } } }), true],
  [one({ run: 'worker' }, { onFailure: 'explode' }), false],
  [{ name: 'g', tasks: {} }, false],
  [{ tasks: { a: { run: 'worker' } } }, false],
  [[], false],
])('an editor and the validator agree on %j: %s', ([data, isGood]) => {
  const accepts = new Ajv2020({ strict: false }).compile(graphDataJsonSchema)
  const isAccepted = accepts(data)
  // A join of more needs than there are is nothing that a schema can say.
  const joins = JSON.stringify(data).includes('atLeast')
  expect(isAccepted).toBe(isGood || joins)
  const attempt = (): unknown => graphFromData(data, registry)
  if (isGood) attempt()
  else expect(attempt).toThrow(expect.objectContaining({ code: 'graph.invalid' }))
})

const texts = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '=1 + 1',
    '==x',
    'yes',
    'null',
    '1e3',
    '0x1',
    '- a',
    '{',
    '# no',
    'a: b',
    ' pad ',
    'line\nline\n',
    '>-',
    '\u2028',
    'é😀',
  ),
)
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    texts.map((text) => (text.startsWith('=') && text !== '=1 + 1' ? `=${text}` : text)),
    fc.boolean(),
    fc.constant(null),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 3 },
    ),
  ),
})).value

test('graph, YAML, graph is the identity', () => {
  const graphs = fc.dictionary(
    fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,6}$/),
    fc.record({ function: fc.constant('id'), input: json, priority: fc.integer() }, { requiredKeys: ['function'] }),
    { minKeys: 1, maxKeys: 6 },
  )
  fc.assert(
    fc.property(graphs, json, (tasks, output) => {
      const graph = graphFromData({ name: 'g', tasks, output }, registry)
      const again = parseGraphFile(graphToYaml(graph), { registry })
      expect(graphToData(again)).toEqual(graphToData(graph))
      expect(Object.keys(again.data.tasks)).toEqual(Object.keys(graph.data.tasks))
      expect(graphToYaml(again)).toBe(graphToYaml(graph))
    }),
    { numRuns: 150 },
  )
})

test('JSON is YAML, comments and anchors are fine', async () => {
  expect(parseGraphFile('{"name":"g","tasks":{"a":{"run":"worker"}}}', { registry }).name).toBe('g')
  const text = '# why\nname: g\ntasks:\n  a: &same { run: worker, timeoutMs: 5 }\n  b: *same\n'
  expect(parseGraphFile(text, { registry }).data.tasks['b']).toEqual({ run: 'worker', timeoutMs: 5 })
})

const bomb = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...['b', 'c', 'd', 'e', 'f', 'g', 'h'].map(
    (name, at) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefg'[at]}`).join(',')}]`,
  ),
].join('\n')

test.for<[string, string, string]>([
  ['an alias bomb', bomb, 'g.yaml: it uses more than 50 aliases'],
  ['a tag', 'name: !!js/function x', 'g.yaml:1:7: '],
  ['a tag of YAML', 'name: !!str 5', 'g.yaml:1:'],
  ['a tag of its own', 'name: !secret x', 'g.yaml:1:7: '],
  ['a key twice', 'name: g\nname: h', 'g.yaml:2:1: Map keys must be unique'],
  ['a bracket that is open', 'name: [1, 2\ntasks:', 'g.yaml:2:'],
  ['a tab', 'name: g\ntasks:\n\ta: 1', 'g.yaml:3:'],
  ['two documents', 'name: g\n---\nname: h', 'g.yaml:2:1: Source contains multiple documents'],
  ['an alias of nothing', 'name: *x', 'g.yaml:1:7: '],
  ['a key that is no text', '? [a]\n: 1', 'g.yaml:1:'],
  ['brackets without end', '['.repeat(200_000), 'g.yaml: it is nested too deeply'],
  ['dashes without end', '- '.repeat(200_000), 'g.yaml: it is nested too deeply'],
  ['1 MB and a bit', `name: ${'x'.repeat(maxFileBytes)}`, 'g.yaml: it is larger than 1000000 bytes'],
])('%s is refused with its place', ([, text, said]) => {
  const attempt = (): unknown => parseGraphFile(text, { file: 'g.yaml', registry })
  expect(attempt).toThrow(expect.objectContaining({ code: 'file.invalid' }))
  expect(attempt).toThrow(said)
})

test('every problem of a graph has its place, whatever keys are called', () => {
  const text =
    'name: g\ntasks:\n  a.b:\n    run: wrker\n    needs:\n      - none\n  a:\n    function: id\n    input: [1, { x: "=1 +" }]\n'
  const told = (() => {
    try {
      parseGraphFile(text, { file: 'g.yaml', registry })
    } catch (thrown) {
      return (thrown as MeepoError).message.split('\n')
    }
    return []
  })()
  expect(told).toEqual([
    'g.yaml:6:9: tasks.a.b.needs[0]: there is no task none; there is a.b, a',
    'g.yaml:4:5: tasks.a.b.run: there is no agent, graph or other definition "wrker"; did you mean worker?',
    'g.yaml:9:18: tasks.a.input[1].x: Unexpected token: EOF, in `1 +` at character 4',
  ])
  expect(() => parseGraphFile('', { registry })).toThrow('graph.yaml:1:1: expected object')
  expect(() => parseGraphFile('7', { registry })).toThrow('graph.yaml:1:1: expected object')
  expect(() =>
    parseGraphFile('name: g\ntasks: { a: { run: worker, needs: [b] }, b: { run: worker, needs: [a] } }', { registry }),
  ).toThrow(
    expect.objectContaining({
      code: 'graph.cycle',
      message: expect.stringContaining('graph.yaml:1:1: graph g: a needs b needs a') as unknown,
    }),
  )
  const many = Array.from({ length: 20 }, (_, at) => `  t${at}: { run: none }`).join('\n')
  expect(() => parseGraphFile(`name: g\ntasks:\n${many}`, { registry })).toThrow(/\nand 10 more$/)
  expect(parseYaml('a: 1', 'f').placeOf('b.c')).toBe('f:1:1')
})

function folder(files: Readonly<Record<string, string>>): string {
  const made = mkdtempSync(join(tmpdir(), 'meepo-files-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(made, name)), { recursive: true })
    writeFileSync(join(made, name), text)
  }
  return made
}

test('files of a folder are found by name, run each other in any order, and run on an engine', async () => {
  const at = folder({
    'meepo.yaml':
      'name: main\ntasks:\n  sub: { run: second, input: =input }\n  deep: { graph: { name: deep, tasks: { t: { run: second } } } }\noutput: =results.sub\n',
    'workflows/b.yml':
      'name: second\ntasks:\n  t: { run: third, onRollback: { run: third } }\noutput: =results.t + 1\n',
    'workflows/c.json': '{"name":"third","tasks":{"t":{"function":"id"}},"output":"=results.t * 2"}',
    'workflows/notes.md': 'no graph',
  })
  const paths = await findGraphFiles(at)
  expect(paths).toEqual([join(at, 'meepo.yaml'), join(at, 'workflows/b.yml'), join(at, 'workflows/c.json')])
  expect(await findGraphFiles(join(at, 'workflows'))).toEqual([])
  const graphs = await loadGraphFiles(paths, registry)
  const main = graphs.get(paths[0]!)!
  const meepo = await createMeepo({ store: 'memory' })
  onTestFinished(() => meepo.stop())
  expect(await meepo.run(main, 20)).toMatchObject({ success: true, result: 41 })
})

test('circles, names twice, broken files and files that are not there are refused', async () => {
  const at = folder({
    'workflows/a.yaml': 'name: a\ntasks: { t: { run: b } }',
    'workflows/b.yaml': 'name: b\ntasks: { t: { run: a } }',
    'twice.yaml': 'name: a\ntasks: { t: { run: b } }',
    'none.yaml': 'tasks: 7',
    'list.yaml': '[]',
  })
  await expect(loadGraphFiles(await findGraphFiles(at))).rejects.toMatchObject({ code: 'graph.cycle' })
  await expect(loadGraphFiles([join(at, 'workflows/a.yaml'), join(at, 'twice.yaml')])).rejects.toMatchObject({
    code: 'definition.duplicate',
  })
  await expect(loadGraphFiles([join(at, 'none.yaml')])).rejects.toMatchObject({ code: 'graph.invalid' })
  await expect(readGraphFile(join(at, 'list.yaml'))).rejects.toMatchObject({ code: 'graph.invalid' })
  await expect(readGraphFile(join(at, 'missing.yaml'))).rejects.toMatchObject({ code: 'input.unreadable' })
})

const workflowFile = `name: nightly
tasks:
  a: { run: worker }
schedule:
  cron: '0 3 * * *'
  timeZone: Europe/Berlin
  missed: skip
  input: { day: 1 }
retention: { completedMs: 86400000 }
budget: $5
`

test('a file that says when it runs is a workflow', () => {
  const workflow = parseGraphFile(workflowFile, { registry })
  expect(workflow).toMatchObject({
    isWorkflow: true,
    schedule: { cron: '0 3 * * *', timeZone: 'Europe/Berlin', missed: 'skip', input: { day: 1 } },
    retention: { completedMs: 86_400_000 },
    limits: { picoDollars: '5000000000000' },
  })
  expect(graphToData(parseGraphFile(graphToYaml(workflow), { registry }))).toEqual(workflow.data)
})

test.each([
  ["cron: '0 3 * * *'", "cron: '0 25 * * *'", 'schedule.invalid', /^flow.yaml:5:3: .*hour/],
  ["cron: '0 3 * * *'", 'cron: 7', 'graph.invalid', /^flow.yaml:5:3: schedule.cron: /],
  ['timeZone: Europe/Berlin', 'timeZone: Berlin', 'schedule.invalid', /^flow.yaml:6:3: .*no time zone "Berlin"/],
  ['missed: skip', 'missed: never', 'graph.invalid', /^flow.yaml:7:3: schedule.missed: /],
  ['missed: skip', 'mised: skip', 'graph.invalid', /^flow.yaml:\d:\d: schedule/],
  ['completedMs: 86400000', 'completedMs: 30d', 'graph.invalid', /^flow.yaml:9:14: retention.completedMs: /],
  ['tasks:', 'input: { type: string }\ntasks:', 'schedule.invalid', /^flow.yaml:9:3: .*schedule.input/],
])('a schedule that is wrong is refused with its place: %s -> %s', (right, wrong, code, message) => {
  const text = workflowFile.replace(right, wrong)
  expect(() => parseGraphFile(text, { file: 'flow.yaml', registry })).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  )
})

test('with somebody to tell, files that are wrong are left out, and what runs them', async () => {
  const at = folder({
    'workflows/above.yaml': 'name: above\ntasks: { t: { run: bad } }',
    'workflows/bad.yaml': 'name: bad\ntasks: { t: { run: nobody } }',
    'workflows/good.yaml': 'name: good\ntasks: { t: { run: worker } }',
    'workflows/list.yaml': '[]',
    'workflows/one.yaml': 'name: one\ntasks: { t: { run: two } }',
    'workflows/second.yaml': 'name: good\ntasks: { t: { run: worker } }',
    'workflows/two.yaml': 'name: two\ntasks: { t: { run: one } }',
    'workflows/unclosed.yaml': 'name: [',
  })
  const told: string[] = []
  const graphs = await loadGraphFiles(await findGraphFiles(at), registry, (error, path) => {
    told.push(`${basename(path)} ${(error as MeepoError).code}`)
  })
  expect([...graphs.values()].map(({ name }) => name)).toEqual(['good'])
  expect(told).toEqual([
    'unclosed.yaml file.invalid',
    'second.yaml definition.duplicate',
    'bad.yaml graph.invalid',
    'above.yaml graph.invalid',
    'list.yaml graph.invalid',
    'two.yaml graph.cycle',
    'one.yaml graph.cycle',
  ])
})

test('a file is a workflow whatever it says', () => {
  const plain = 'name: g\ntasks: { a: { run: worker } }\n'
  expect(parseGraphFile(plain, { registry })).toMatchObject({ isWorkflow: true })
  expect(parseGraphFile(`${plain}budget: $2\n`, { registry })).toMatchObject({
    isWorkflow: true,
    limits: { picoDollars: '2000000000000' },
  })
})
