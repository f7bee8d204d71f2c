import { mkdirSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { runInside } from '../test-support/inside.ts'
import { createProject, type Ended, type Project } from '../test-support/project.ts'

const tick = (cron: string): string => `name: tick
tasks:
  look: { tool: look_up, input: { word: =input.word } }
output: =results.look
schedule: { cron: '${cron}', input: { word: otter } }
`

function project(files: Readonly<Record<string, string>>): Project {
  const made = createProject(onTestFinished)
  mkdirSync(made.path('workflows'))
  for (const [name, text] of Object.entries(files)) made.write(`workflows/${name}`, text)
  return made
}

function inside(one: Project, ...args: string[]): Promise<Ended> {
  return runInside(one, 'http://127.0.0.1:9/v1', ...args)
}

test('workflows of files are listed, run now, paused and resumed', async () => {
  const one = project({
    'tick.yaml': tick('0 7 * * MON-FRI'),
    'plain.yaml': 'name: plain\nbudget: 2\ntasks: { a: { timer: 1 } }\n',
  })
  const first = await inside(one, 'workflows')
  expect(first.out).toMatch(/tick@1 +0 7 \* \* MON-FRI UTC +0 +no process keeps it: `meepo workflows serve` does/)
  expect(first.out).toMatch(/plain@1 +0\n/)
  expect((await inside(one, 'workflows', 'run', 'tick')).out).toBe('otter is a word\n')
  expect((await inside(one, 'workflows', 'run', 'tick', '--input', '{"word":"hat"}')).out).toBe('hat is a word\n')
  expect((await inside(one, 'run', 'tick', '--input', '{"word":"cat"}')).out).toBe('cat is a word\n')
  expect((await inside(one, 'workflows', 'pause', 'tick')).err).toBe('the schedule of tick is paused\n')
  expect(JSON.parse((await inside(one, 'workflows', 'list', '--json')).out)).toMatchObject([
    { name: 'plain', running: 0 },
    { name: 'tick', isPaused: true, schedule: { cron: '0 7 * * MON-FRI' } },
  ])
  expect((await inside(one, 'workflows', 'list')).out).toMatch(/tick@1.* paused/)
  expect((await inside(one, 'workflows', 'resume', 'tick')).code).toBe(0)
  expect((await inside(one, 'workflows')).out).not.toMatch(/paused/)
})

test.each([
  ['workflows', 'list, run, pause, resume, serve'],
  ['budget', 'list, set, lift'],
  ['graph', 'show, check, estimate'],
  ['checkpoints', 'list, show, hold, delete'],
  ['prices', 'list, verify, diff'],
])('a command that there is not below %s is refused, and those that there are are told', async (command, known) => {
  expect(await inside(project({}), command, 'frob', '--json')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining(`config.invalid: unknown command '${command} frob'; there are ${known}\n`),
  })
})

test('what is wrong is told before anything is begun', async () => {
  const one = project({ 'plain.yaml': 'name: plain\ntasks: { a: { timer: 1 } }\n' })
  expect(await inside(one, 'workflows', 'pause', 'plain')).toMatchObject({
    code: 2,
    err: expect.stringContaining('schedule.missing: workflow plain has no schedule'),
  })
  expect(await inside(one, 'workflows', 'run', 'nobody')).toMatchObject({
    code: 2,
    err: expect.stringContaining('definition.unknown: no workflow nobody; known are plain'),
  })
  const wrong = project({ 'tick.yaml': tick('0 27 * * *') })
  expect(await inside(wrong, 'workflows')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(
      /schedule.invalid: .*tick.yaml:5:\d+: workflow tick: schedule.cron: "0 27 \* \* \*": .*hour/,
    ),
  })
})

test('a schedule that was taken out of a file ends, and a file without any field is still a workflow', async () => {
  const one = project({ 'tick.yaml': tick('* * * * * *') })
  const serve = async (ms: number): Promise<void> => {
    const serving = one.start(['workflows', 'serve'])
    await serving.said(/ready/)
    await new Promise((resolve) => setTimeout(resolve, ms))
    serving.process.kill('SIGTERM')
    await serving.ended
  }
  const runs = async (): Promise<number> => (await inside(one, 'runs')).out.split('tick@1').length
  await serve(1_500)
  expect(await runs()).toBeGreaterThan(1)
  one.write('workflows/tick.yaml', tick('* * * * * *').replace(/schedule:.*/, ''))
  await serve(0)
  const before = await runs()
  await serve(2_000)
  expect(await runs()).toBe(before)
  expect((await inside(one, 'workflows')).out).toMatch(/tick@1 .* ago, w[0-9a-f]{24} +0\n/)
})

test('a file that is wrong is told, and the others work', async () => {
  const one = project({
    'bad.yaml': 'name: bad\ntasks: { a: { run: nobody } }\n',
    'above.yaml': 'name: above\ntasks: { a: { run: bad } }\n',
    'tick.yaml': tick('* * * * * *'),
  })
  const told = /graph.invalid: .*bad.yaml:2:\d+: tasks.a.run: .*"nobody"/
  const list = await inside(one, 'workflows')
  expect(list).toMatchObject({ code: 2, out: expect.stringMatching(/tick@1/), err: expect.stringMatching(told) })
  expect(list.err).toMatch(/workflows\/above.yaml is left out for the same reason/)
  expect(list.out).not.toMatch(/bad@1|above@1/)
  expect(await inside(one, 'workflows', 'run', 'tick')).toMatchObject({ code: 0, out: 'otter is a word\n' })
  expect(await inside(one, 'workflows', 'pause', 'tick')).toMatchObject({ code: 0, err: expect.stringMatching(told) })
  expect(await inside(one, 'workflows', 'resume', 'tick')).toMatchObject({ code: 0 })
  expect(await inside(one, 'run', 'bad')).toMatchObject({ code: 2, err: expect.stringContaining('no definition bad') })
  expect((await inside(one, 'graph', 'check', 'workflows/bad.yaml')).err.match(/nobody/g)).toHaveLength(1)
  const serving = one.start(['workflows', 'serve'])
  await serving.said(/ready/)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  serving.process.kill('SIGTERM')
  expect(await serving.ended).toMatchObject({ code: 0, err: expect.stringMatching(told) })
  expect((await inside(one, 'runs')).out).toMatch(/tick@1 +completed/)
})

test('the run of a schedule is nothing that the doctor misses code for', async () => {
  const one = project({})
  one.write(
    'flow.ts',
    `import { define, defineWorkflow } from 'meepo'
import { anySchema } from '@meepo/core'
const graph = define({ name: 'flow', input: anySchema, run: async () => 1 })
export default { workflows: [defineWorkflow({ graph, schedule: { cron: '@daily' } })] }
`,
  )
  expect(await inside(one, 'workflows', 'pause', 'flow', '--config', 'flow.ts')).toMatchObject({ code: 0 })
  const looked = await inside(one, 'doctor', '--config', 'flow.ts')
  expect(`${looked.out}${looked.err}`).toMatch(/runs +1 open/)
})

test('a configuration needs no definitions', async () => {
  const one = project({ 'plain.yaml': 'name: plain\ntasks: { a: { timer: 1 } }\n' })
  one.write('bare.ts', 'export default {}')
  expect(await inside(one, 'workflows', '--config', 'bare.ts')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/plain@1/),
  })
})

test('a configuration without workflows says so', async () => {
  const one = createProject(onTestFinished)
  expect((await inside(one, 'workflows')).err).toContain('the configuration has no workflows')
})

test('a process that serves keeps the schedules until it is told to stop', async () => {
  const one = project({ 'tick.yaml': tick('* * * * * *') })
  const serving = one.start(['workflows', 'serve'])
  await serving.said(/ready/)
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  serving.process.kill('SIGTERM')
  expect((await serving.ended).code).toBe(0)
  const listed = await inside(one, 'workflows')
  expect(listed.out).toMatch(/tick@1 +\* \* \* \* \* \* UTC +(?:in|due) .* ago, w[0-9a-f]{24} +0 +no process keeps it/)
  expect((await inside(one, 'runs')).out).toMatch(/tick@1 +completed/)
})
