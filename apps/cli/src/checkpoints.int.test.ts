import type { Checkpoint } from '@meepo/core/archive'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runInside } from '../test-support/inside.ts'
import { openModel, type TestModel } from '../test-support/model.ts'
import { createProject, type Ended, type Project } from '../test-support/project.ts'

let model: TestModel
beforeAll(async () => {
  model = await openModel()
})
afterAll(() => model.simulator.close())

function inside(one: Project, ...args: string[]): Promise<Ended> {
  return runInside(one, model.url, ...args)
}

async function listed(one: Project, ...args: string[]): Promise<readonly Checkpoint[]> {
  const { out } = await inside(one, 'checkpoints', 'list', '--json', ...args)
  // What the command prints is made of these.
  return JSON.parse(out) as readonly Checkpoint[]
}

test('checkpoints are listed, shown, held and deleted, and a new run goes on from one', async () => {
  const one = createProject(onTestFinished, model.url)
  await inside(one, 'run', 'agent', '--input', '"find otter"', '--run-id', 'r1')
  const points = await listed(one, '--run', 'r1')
  expect(points.map(({ kind }) => kind)).toEqual(['start', 'model', 'tool', 'model'])
  expect(points[2]).toMatchObject({ iterations: 1, messages: 3, toolResults: 1, definition: 'agent', version: '1' })
  expect(points[2]?.tokens).toBeGreaterThan(0)
  const [, , tool] = points
  const id = tool?.id ?? ''
  const { out } = await inside(one, 'checkpoints', 'list', '--agent', 'agent')
  expect(out).toMatch(/^CHECKPOINT +DEFINITION .*\nr1@\d+ +agent@1 +model model /)
  expect((await inside(one, 'checkpoints', 'list', '--agent', 'other')).err).toBe('no checkpoints\n')

  expect(
    (await inside(one, 'checkpoints', 'hold', id, '--name', 'found', '--meta', 'by=me', '--meta', 'a=b=c')).code,
  ).toBe(0)
  expect(await listed(one, '--held')).toMatchObject([{ id, held: { name: 'found', metadata: { by: 'me', a: 'b=c' } } }])
  const shown = await inside(one, 'checkpoints', 'show', id)
  expect(shown.out).toMatch(
    /turns +1\n.*messages +3, 1 of them.*\n[^]*held +found a=b=c by=me\n[^]*#2 +tool:look_up +completed/,
  )
  expect((await inside(one, 'checkpoints', 'hold', id, '--meta', 'none')).err).toMatch(/^config\.invalid.*key=value/)

  const resumed = await inside(one, 'resume', 'r1', '--from', String(tool?.seq))
  expect(resumed).toMatchObject({ code: 0, err: expect.stringMatching(/^run r\w+ goes on from r1\n/) })
  expect(resumed.out).toBe((await inside(one, 'resume', 'r1', '--from', id, '--max-turns', '9')).out)
  expect((await inside(one, 'resume', 'r1', '--from', 'r2@3')).err).toMatch(/^config\.invalid: --from r2@3/)
  expect((await inside(one, 'resume', 'r1', '--from', '99')).err).toMatch(/^checkpoint\.not_found/)

  expect((await inside(one, 'checkpoints', 'delete', id)).err).toBe(`${id} is no longer held\n`)
  expect((await inside(one, 'checkpoints', 'delete', id)).err).toMatch(/^checkpoint\.not_found/)
})

test('what a run paid is not paid again unasked, and an error tells the last checkpoint', async () => {
  const one = createProject(onTestFinished, model.url)
  const failed = await inside(one, 'run', 'agent', '--input', '"loop"', '--max-turns', '1', '--run-id', 'r1')
  expect(failed.err).toMatch(/last checkpoint r1@\d+\n[^]*meepo resume r1/)
  await inside(one, 'run', 'agent', '--input', '"pay otter"', '--run-id', 'r2')
  const refused = await inside(one, 'resume', 'r2', '--from', '2')
  expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/^checkpoint\.would_repeat: .*pay \(once\)/) })
  expect((await inside(one, 'resume', 'r2', '--from', '2', '--repeat')).code).toBe(0)
  expect(readFileSync(one.path('paid.txt'), 'utf8')).toBe('otter\notter\n')
})

test('a run is written to a file and read into another store, where it goes on', async () => {
  const from = createProject(onTestFinished, model.url)
  await inside(from, 'run', 'agent', '--input', '"loop"', '--max-turns', '1', '--run-id', 'r1')
  const file = from.path('r1.meepo')
  expect(await inside(from, 'export', 'r1', '--to', file)).toMatchObject({ code: 0, err: `r1 is in ${file}\n` })
  expect((await inside(from, 'export', 'r1')).out.split('\n')).toHaveLength(
    readFileSync(file, 'utf8').split('\n').length,
  )

  const to = createProject(onTestFinished, model.url)
  expect((await inside(to, 'import', file)).err).toBe('r1 is imported (failed)\nmeepo trace r1\n')
  expect((await inside(to, 'import', file)).err).toMatch(/^r1 was there already\n/)
  const first = await inside(from, 'trace', 'r1', '--json')
  const second = await inside(to, 'trace', 'r1', '--json')
  expect(JSON.parse(second.out)).toEqual(JSON.parse(first.out))
  to.write('bad.meepo', readFileSync(file, 'utf8').replace('loop', 'lope'))
  expect(await inside(to, 'import', 'bad.meepo')).toMatchObject({
    code: 6,
    err: expect.stringMatching(/^archive\.tampered/),
  })
  expect((await inside(to, 'import', 'none.meepo')).err).toMatch(/^input\.unreadable/)
  expect((await inside(to, 'import', 's3://bucket/x')).err).toMatch(/^config\.invalid.*--run/)
  expect((await inside(to, 'export', 'r1', '--to', '/nowhere/at/all')).err).toMatch(/^archive\.failed/)
})

test('erasing says what it removed, and what stands in the way', async () => {
  const one = createProject(onTestFinished, model.url)
  await inside(one, 'run', 'agent', '--input', '"hello"', '--run-id', 'r1', '--actor', 'ann')
  expect((await inside(one, 'erase', '--subject', 'user:ann')).err).toMatch(
    /^removed 1 run and 0 archived objects; \d+ lines? of the ledger now name user:erased-\w+\n$/,
  )
  expect((await inside(one, 'runs')).err).toBe('no runs\n')
  const { out } = await inside(one, 'erase', '--subject', 'user:ann', '--json')
  expect(JSON.parse(out)).toMatchObject({ runs: 0, ledgerLines: 0, archived: 0 })
  expect(await inside(one, 'erase', '--subject', 'ann')).toMatchObject({ code: 2 })
  expect((await inside(one, 'erase')).err).toMatch(/--subject/)
})
