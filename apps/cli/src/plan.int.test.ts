import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { messageText } from '@meepo/simulator'
import { openModel, type TestModel } from '../test-support/model.ts'
import { createProject, type Ended, type Project } from '../test-support/project.ts'
import { runInside } from '../test-support/inside.ts'

const plan = {
  tasks: [
    { id: 'look', tool: 'look_up', input: { word: 'otter' }, purpose: 'find the word' },
    { id: 'tell', agent: 'agent', input: 'Tell about it.', needs: ['look'], optional: true },
  ],
  answer: 'look',
}

let model: TestModel
beforeAll(async () => {
  model = await openModel()
  model.override = ({ messages }) => {
    const system = messages.find(({ role }) => role === 'system')
    const text = system ? messageText(system) : ''
    if (text.startsWith('You plan how')) return { text: JSON.stringify(plan) }
    return text.startsWith('You judge whether') ? { text: '{"reached":true,"reason":"it is there"}' } : undefined
  }
})
afterAll(() => model.simulator.close())

function project(): Project {
  return createProject(onTestFinished, model.url)
}

test('a plan is shown with its estimate, and carried out when somebody agrees', async () => {
  const { ended } = project().start(['plan', 'All about otters'], { stdin: 'y\n' })
  const { code, out, err } = await ended
  expect(err).toContain('plan: 2 tasks in 2 levels, at least $0.00, not known for agent\n')
  expect(err).toMatch(/ {2}look {2}look_up +find the word\n {2}tell {2}agent {4}after look {2}optional\n/)
  expect(err).toContain('Carry it out? [y/N] ')
  expect(JSON.parse(out)).toMatchObject({ answer: 'otter is a word', tasks: [{ id: 'look' }, { id: 'tell' }] })
  expect(code).toBe(0)
})

test('a plan that is denied is not carried out', async () => {
  const { ended } = project().start(['plan', 'All about otters'], { stdin: 'n\n' })
  const { code, err } = await ended
  expect(err).toContain('plan.denied')
  expect(err).not.toContain('look_up 1')
  expect(code).toBe(1)
})

test('a plan that nobody answers for waits, and can be agreed to later', async () => {
  const one = project()
  const { code, err } = await one.start(['plan', 'All about otters']).ended
  expect(code).toBe(5)
  const [, runId = ''] = /^run (\S+)/.exec(err) ?? []
  expect(err).toContain(`meepo signal ${runId} approve:plan '{"approved":true}'\nmeepo resume ${runId}\n`)
  expect((await one.meepo('signal', runId, 'approve:plan', '{"approved":true}')).code).toBe(0)
  const resumed = await one.meepo('resume', runId, '--json')
  expect(JSON.parse(resumed.out)).toMatchObject({ success: true, result: { answer: 'otter is a word' } })
})

test('--yes asks nobody', async () => {
  const { code, out, err } = await runInside(
    project(),
    model.url,
    'plan',
    'All about otters',
    '--yes',
    '--json',
    '--context',
    '{"for":"children"}',
  )
  expect(err).not.toContain('Carry it out?')
  expect(JSON.parse(out)).toMatchObject({ success: true, result: { replans: 0 } })
  expect(code).toBe(0)
})

test('a definition that is no planner is refused', async () => {
  const { code, err } = await runInside(project(), model.url, 'plan', 'All about otters', '--planner', 'graph')
  expect(err).toContain('config.invalid: graph is no planner')
  expect(code).toBe(2)
})

test('a plan is estimated by what earlier ones took', async () => {
  const one = project()
  const plan = (...flags: string[]): Promise<Ended> => runInside(one, model.url, 'plan', 'All about otters', ...flags)
  const first = await plan('--yes', '--run-id', 'first')
  expect(first.err).not.toContain('p95')
  const second = await plan('--yes', '--run-id', 'second')
  expect(second.err).toMatch(/plan: 2 tasks in 2 levels, about \d+ ms \(p95 \d+ ms\), at least \$0\.00/)
  // The same id and goal is the same run, though there is more to measure now.
  const again = await plan('--yes', '--run-id', 'second')
  expect(again.code).toBe(0)
  expect(again.out).toBe(second.out)
  const attached = await plan('--yes', '--run-id', 'first')
  expect([attached.code, attached.out]).toEqual([0, first.out])
})
