import { mkdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteStore } from '@meepo/store-sqlite'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openModel, type TestModel } from '../test-support/model.ts'
import { runInside } from '../test-support/inside.ts'
import { createProject, type Ended, type Project } from '../test-support/project.ts'

let model: TestModel
beforeAll(async () => {
  model = await openModel()
})
afterAll(() => model.simulator.close())

function project(): Project {
  return createProject(onTestFinished, model.url)
}

function inside(one: Project, ...args: string[]): Promise<Ended> {
  return runInside(one, model.url, ...args)
}

test('runs lists the newest first, children only when asked for', async () => {
  const one = project()
  await inside(one, 'run', 'graph', '--input', '{"word":"hi"}', '--run-id', 'older')
  await inside(one, 'run', 'agent', '--input', '"loop"', '--max-turns', '1', '--run-id', 'newer')
  const ids = async (...args: string[]): Promise<string[]> => {
    const { out } = await inside(one, 'runs', '--json', ...args)
    return (JSON.parse(out) as { runId: string }[]).map(({ runId }) => runId)
  }
  expect(await ids()).toEqual(['newer', 'older'])
  expect(await ids('--limit', '1')).toEqual(['newer'])
  expect(await ids('--status', 'completed,waiting')).toEqual(['older'])
  expect(await ids('--children')).toHaveLength(3)
  const { out } = await inside(one, 'runs')
  expect(out).toMatch(
    /^RUN +DEFINITION +STATUS +STARTED +TOOK\nnewer +agent@1 +failed +.+ ago +.+\nolder +graph@1 +completed /,
  )
  expect((await inside(one, 'runs', '--status', 'asleep')).err).toMatch(
    /^config\.invalid: option '--status <list>' argument 'asleep'/,
  )
})

test('trace draws the tree with children, turns and tokens', async () => {
  const one = project()
  await inside(one, 'run', 'graph', '--input', '{"word":"find otter"}', '--run-id', 'r1')
  const { out, code } = await inside(one, 'trace', 'r1')
  expect(out).toMatch(
    /^graph@1 {2}r1 {2}completed {2}\d.* {2}\d+ tokens\n├─ ✓ #1 child first \(agent@1 c\w+\) {2}\d.*\n/,
  )
  expect(out).toMatch(/\n│ {2}├─ ✓ #1 model local:test {2}\d+ ms {2}turn 1 {2}\d+ tokens\n│ {2}├─ ✓ #2 tool look_up/)
  expect(out).toMatch(/\n└─ ✓ #2 step second {2}\d+ ms\n$/)
  const tree: unknown = JSON.parse((await inside(one, 'trace', 'r1', '--json')).out)
  expect(tree).toMatchObject({
    runId: 'r1',
    status: 'completed',
    entries: [{ kind: 'child', child: { entries: { length: 3 } } }, { name: 'second' }],
  })
  expect(code).toBe(0)
})

test('trace --watch stays until the run has ended', async () => {
  const one = project()
  const run = one.start(['run', 'patient', '--run-id', 'r1'])
  await run.said(/waits for/)
  expect((await inside(one, 'trace', 'r1')).out).toMatch(/… #1 signal go {2}waiting/)
  const watching = one.start(['trace', 'r1', '--watch'])
  await inside(one, 'signal', 'r1', 'go', '1')
  await run.ended
  expect((await watching.ended).out).toMatch(/^patient@1 {2}r1 {2}completed .*\n└─ ✓ #1 signal go .*\n$/)
})

test('an approval is asked for, and given by signal', async () => {
  const one = project()
  const run = one.start(['run', 'agent', '--input', '"refund eve"', '--run-id', 'r1'])
  const name = await run.said(/meepo signal r1 (approve:\S+) '\{"approved":true\}'/)
  expect(await inside(one, 'signal', 'r1', name, '{"approved":true}')).toMatchObject({ code: 0, out: '' })
  expect(await run.ended).toMatchObject({ code: 0, out: 'Answer: refunded eve.\n' })
  expect(await inside(one, 'signal', 'r1', name, '{"approved":false}')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^run\.ended: /),
  })
})

test('a run is cancelled from another process', async () => {
  const one = project()
  const run = one.start(['run', 'patient', '--run-id', 'r1'])
  await run.said(/waits for/)
  const { code, err } = await inside(one, 'cancel', 'r1', '--reason', 'not needed')
  expect(err).toMatch(/^cancel of r1 is recorded; e\w+ ends it\n/)
  expect(code).toBe(0)
  const ended = await run.ended
  expect(ended.err).toMatch(/^run\.cancelled: not needed$/m)
  expect(ended.code).toBe(130)
})

test('a step with an unknown outcome waits for a decision', async () => {
  const one = project()
  one.write(
    'meepo.config.ts',
    one.read('meepo.config.ts').replace('process.env.PAY_MS ?? 0', 'process.env.PAY_MS ?? 60_000'),
  )
  const run = one.start(['run', 'agent', '--input', '"pay bob"', '--run-id', 'r1'])
  await expect.poll(() => tryRead(one, 'paid.txt'), { timeout: 10_000 }).toBe('bob\n')
  run.process.kill('SIGKILL')
  await run.ended

  const resumed = one.start(['resume', 'r1'])
  const step = await resumed.said(/unknown: meepo resolve r1 (\d+) --done JSON/)
  expect((await inside(one, 'trace', 'r1')).out).toMatch(
    new RegExp(`\\? #${step} tool pay {2}unknown .*meepo resolve r1 ${step}`),
  )
  expect(await inside(one, 'resolve', 'r1', step)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^config\.invalid: say what happened/),
  })
  expect(await inside(one, 'resolve', 'r1', '1', '--not-done')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^step\.not_unknown: /),
  })
  expect(await inside(one, 'resolve', 'r1', step, '--done', '"paid by hand"')).toMatchObject({ code: 0, out: '' })
  expect(await resumed.ended).toMatchObject({ code: 0, out: 'Answer: paid by hand.\n' })
  expect(one.read('paid.txt')).toBe('bob\n')
})

test('looking never makes an engine', async () => {
  const one = project()
  const run = one.start(['run', 'patient', '--run-id', 'r1'])
  await run.said(/waits for/)
  const store = await openSqliteStore({ path: one.path('.meepo/meepo.db') })
  const engines = async (): Promise<string[]> => (await store.leases.engines()).map(({ engine }) => engine)
  const before = await engines()
  for (const look of [['trace', 'r1'], ['runs'], ['doctor']]) await inside(one, ...look)
  expect(await engines()).toEqual(before)
  await store.close()
})

test('a store that cannot be used is told by its code', async () => {
  const one = project()
  mkdirSync(one.path('.meepo'))
  one.write('.meepo/meepo.db', 'This is no database, whatever its name may say about that.')
  const corrupt = { code: 6, out: '', err: expect.stringMatching(/^store\.corrupt: /) }
  expect(await inside(one, 'run', 'patient')).toMatchObject(corrupt)
  expect(await inside(one, 'runs')).toMatchObject(corrupt)
  expect(one.read('.meepo/meepo.db')).toMatch(/^This is no database/)
  expect((await inside(one, 'doctor')).code).toBe(6)
})

test('a store of a newer release is left alone', async () => {
  const one = project()
  await inside(one, 'run', 'agent', '--input', '"hi"')
  const db = new DatabaseSync(one.path('.meepo/meepo.db'))
  db.exec('PRAGMA user_version = 999')
  db.close()
  const newer = { code: 6, out: '', err: expect.stringMatching(/^store\.newer_format: /) }
  expect(await inside(one, 'run', 'patient')).toMatchObject(newer)
  expect(await inside(one, 'doctor')).toMatchObject({ code: 6, err: expect.stringMatching(/^store\.newer_format: /) })
})

test('a folder that cannot be written is told', async () => {
  const one = project()
  one.write('.meepo', 'a file where the folder should be')
  expect(await inside(one, 'run', 'patient')).toMatchObject({
    code: 6,
    out: '',
    err: expect.stringMatching(/^store\.not_writable: /),
  })
  one.write(
    'meepo.config.ts',
    one.read('meepo.config.ts').replace('definitions:', "store: '/sys/meepo/runs.db', definitions:"),
  )
  expect(await inside(one, 'run', 'patient')).toMatchObject({
    code: 6,
    err: expect.stringMatching(/^store\.not_writable: /),
  })
})

test('doctor tells what it found, never a key', async () => {
  const one = project()
  const config = one.read('meepo.config.ts').replace('baseURL:', "apiKey: 'sk-very-secret', baseURL:")
  one.write('meepo.config.ts', config)
  const { code, out } = await inside(one, 'doctor')
  expect(out).toMatch(/✓ definitions +graph@1, agent@1, patient@1, planner@1, planner.task@1\n/)
  expect(out).toMatch(/✓ provider openai +no key\n/)
  expect(out).toMatch(/✓ provider local +has a key\n/)
  expect(out).toMatch(/✓ folder .* confirms a write in \d+\.\d\d ms/)
  expect(out).not.toContain('sk-very-secret')
  expect(code).toBe(0)
  const checks = JSON.parse((await inside(one, 'doctor', '--json')).out) as { name: string }[]
  expect(checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['node', 'sqlite', 'configuration', 'store', 'folder']),
  )
})

function tryRead(one: Project, name: string): string {
  try {
    return one.read(name)
  } catch {
    // Not written yet.
    return ''
  }
}
