import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openModel, type TestModel } from '../test-support/model.ts'
import { createProject, lastLine, type Project } from '../test-support/project.ts'

let model: TestModel
beforeAll(async () => {
  model = await openModel()
})
afterEach(() => {
  model.override = undefined
})
afterAll(() => model.simulator.close())

function project(): Project {
  return createProject(onTestFinished, model.url)
}

/** The answer to the conversation with so many tool results does not come. */
function hangAfter(results: number): void {
  model.override = ({ messages }) =>
    messages.filter(({ role }) => role === 'tool').length === results ? { fault: { kind: 'hang' } } : undefined
}

/** How many requests were charged since `after`. */
function billed(after: number): number {
  return model.simulator.journal.entries(after).filter((entry) => entry.billed).length
}

async function requests(count: number): Promise<void> {
  await expect.poll(() => model.simulator.journal.totals().requests, { timeout: 10_000 }).toBe(count)
}

test('after kill -9 a resume goes on without repeating what was paid', async () => {
  const one = project()
  const before = model.simulator.journal.totals().requests
  hangAfter(2)
  const first = one.start(['run', 'agent', '--input', '"pay bob"', '--run-id', 'r1'])
  await requests(before + 3)
  first.process.kill('SIGKILL')
  await first.ended
  await model.simulator.journal.settled()
  expect(billed(before)).toBe(2)

  model.override = undefined
  const { code, out } = await one.meepo('resume', 'r1')
  expect({ code, out }).toEqual({ code: 0, out: 'Answer: paid bob.\n' })
  expect(billed(before)).toBe(3)
  expect(one.read('paid.txt')).toBe('bob\n')
})

test('Ctrl-C lets the step in flight end, and says how to go on', async () => {
  const one = project()
  const before = model.simulator.journal.totals().requests
  model.override = ({ messages }) =>
    messages.some(({ role }) => role === 'tool') ? { text: 'done', latency: { headersMs: 500 } } : undefined
  const first = one.start(['run', 'agent', '--input', '"find otter"', '--run-id', 'r1'])
  await requests(before + 2)
  first.process.kill('SIGINT')
  const ended = await first.ended
  expect(ended.err).toMatch(/^stopping: steps in flight have 10 s to end/m)
  expect(lastLine(ended)).toBe('meepo resume r1')
  expect(ended).toMatchObject({ code: 130, out: '' })
  // The answer that was on its way is recorded.
  expect(billed(before)).toBe(2)

  model.override = undefined
  const { code, out } = await one.meepo('resume', 'r1')
  expect({ code, out }).toEqual({ code: 0, out: 'done\n' })
  expect(billed(before)).toBe(2)
})

test('a second Ctrl-C leaves at once, and the run can still be resumed', async () => {
  const one = project()
  const before = model.simulator.journal.totals().requests
  hangAfter(1)
  const first = one.start(['run', 'agent', '--input', '"find otter"', '--run-id', 'r1', '--config', 'meepo.config.ts'])
  await requests(before + 2)
  first.process.kill('SIGINT')
  await first.said(/^stopping/m)
  first.process.kill('SIGINT')
  const ended = await first.ended
  expect(lastLine(ended)).toBe('meepo resume r1 --config meepo.config.ts')
  expect(ended.code).toBe(130)

  model.override = undefined
  expect((await one.meepo('resume', 'r1')).out).toBe('Answer: otter is a word.\n')
})

test('a request to end (SIGTERM) is heard like Ctrl-C', async () => {
  const one = project()
  const first = one.start(['run', 'patient', '--run-id', 'r1'])
  await first.said(/waits for: (meepo signal r1 go JSON)/)
  first.process.kill('SIGTERM')
  const ended = await first.ended
  expect(lastLine(ended)).toBe('meepo resume r1')
  expect(ended.code).toBe(143)
})

test('a spent turn limit suggests a higher one, with which the run goes on', async () => {
  const one = project()
  const before = model.simulator.journal.totals().requests
  const ended = await one.meepo('run', 'agent', '--input', '"pay ann"', '--run-id', 'r1', '--max-turns', '2')
  expect(ended.err).toMatch(/^agent\.turn_limit: /m)
  expect(lastLine(ended)).toBe('meepo resume r1 --max-turns 4')
  expect(ended).toMatchObject({ code: 4, out: '' })

  const { code, out } = await one.meepo('resume', 'r1', '--max-turns', '4')
  expect({ code, out }).toEqual({ code: 0, out: 'Answer: paid ann.\n' })
  expect(billed(before)).toBe(3)
  expect(one.read('paid.txt')).toBe('ann\n')
})

test('a passed deadline suggests another one, with which the run goes on', async () => {
  const one = project()
  const ended = await one.meepo('run', 'patient', '--run-id', 'r1', '--deadline', '300ms')
  expect(ended.err).toMatch(/^run\.deadline: /m)
  expect(lastLine(ended)).toBe('meepo resume r1 --deadline 10m')
  expect(ended).toMatchObject({ code: 4, out: '' })

  const second = one.start(['resume', 'r1', '--deadline', '10m'])
  await second.said(/waits for/)
  await one.meepo('signal', 'r1', 'go', '"now"')
  expect(await second.ended).toMatchObject({ code: 0, out: 'now\n' })
})

test('a second process on the same run says who drives it, and sees the same end', async () => {
  const one = project()
  const first = one.start(['run', 'patient', '--run-id', 'r1'])
  await first.said(/waits for/)
  const second = one.start(['resume', 'r1'])
  await second.said(/run r1 is driven by another process \(e\w+\): attached to it/)
  const refused = await one.meepo('resume', 'r1', '--deadline', '1h')
  expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/^config\.invalid: run r1 has not ended/) })
  await one.meepo('signal', 'r1', 'go', '42')
  expect(await first.ended).toMatchObject({ code: 0, out: '42\n' })
  expect(await second.ended).toMatchObject({ code: 0, out: '42\n' })
})

test('Ctrl-C of an attached process leaves the run to the other', async () => {
  const one = project()
  const first = one.start(['run', 'patient', '--run-id', 'r1'])
  await first.said(/waits for/)
  const second = one.start(['resume', 'r1'])
  await second.said(/attached/)
  await second.said(/waits for/)
  second.process.kill('SIGINT')
  const detached = await second.ended
  expect(detached.err).toMatch(/^detached; another process goes on/m)
  expect(detached.code).toBe(130)
  await one.meepo('signal', 'r1', 'go', '1')
  expect(await first.ended).toMatchObject({ code: 0, out: '1\n' })
})

test('what cannot be resumed is refused', async () => {
  const one = project()
  await one.meepo('run', 'agent', '--input', '"hi"', '--run-id', 'r1')
  expect(await one.meepo('resume', 'r1')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^run\.not_resumable: /),
  })
  expect(await one.meepo('resume', 'r2')).toMatchObject({ code: 2, err: expect.stringMatching(/^run\.not_found: /) })

  const gone = one.read('meepo.config.ts').replace("name: 'patient'", "name: 'patient', version: '2'")
  const first = one.start(['run', 'patient', '--run-id', 'r3'])
  await first.said(/waits for/)
  first.process.kill('SIGKILL')
  await first.ended
  one.write('meepo.config.ts', gone)
  const { code, err } = await one.meepo('resume', 'r3')
  expect(err).toMatch(/^definition\.unknown: run r3 is pinned to patient@1/)
  expect(code).toBe(2)
  expect((await one.meepo('doctor')).out).toMatch(/! runs +1 of 1 open runs need patient@1/)
})

test('a run whose code is gone is seen, and ends when it is told to, in any process', { timeout: 60_000 }, async () => {
  const one = project()
  const first = one.start(['run', 'patient', '--run-id', 'r1'])
  await first.said(/waits for/)
  first.process.kill('SIGKILL')
  await first.ended
  one.write('meepo.config.ts', one.read('meepo.config.ts').replace("name: 'patient'", "name: 'patient', version: '2'"))
  const runs = async (...args: string[]): Promise<string> => (await one.meepo('runs', ...args)).out
  expect(await runs()).not.toMatch(/nobody/)
  const worker = one.start(['worker', '--engine', 'embedded'])
  await worker.said(/ready/)
  const wait = { timeout: 20_000, interval: 500 }
  await expect.poll(() => runs(), wait).toMatch(/\nr1 .*waits: nobody has patient@1\n/)
  expect(JSON.parse(await runs('--json'))).toMatchObject([{ runId: 'r1', nobodyHas: 'patient@1' }])
  expect((await one.meepo('doctor')).out).toMatch(/! runs +1 of 1 open runs need patient@1; no process has it/)
  expect((await one.meepo('cancel', 'r1')).err).toBe(
    'cancel of r1 is recorded; nobody has patient@1: any process ends it soon\n',
  )
  await expect.poll(() => runs(), wait).toMatch(/\nr1 +patient@1 +cancelled/)
  worker.process.kill('SIGTERM')
  await worker.ended
})
