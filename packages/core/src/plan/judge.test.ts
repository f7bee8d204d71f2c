import { beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { errorOf, one, playParts, stage } from '../../test/planner-world.ts'
import type { MeepoError } from '../base/errors.ts'
import { loadExpressions } from '../graph/data/cel.ts'
import { define } from '../run/definition.ts'
import { runDirect } from '../testing/direct-context.ts'

beforeAll(loadExpressions)

test.each<[what: string, task: object, passes: boolean]>([
  ['schema', { schema: { type: 'object', required: ['found'] } }, true],
  ['schema', { schema: { type: 'object', required: ['lost'] } }, false],
  ['check', { check: 'size(result.found) == 3 && input.text == "four"' }, true],
  ['check', { check: 'size(result.found) > 3' }, false],
  ['check', { check: 'result.lost == 1' }, false],
  ['both', { schema: { type: 'object' }, check: 'result.found[0] == 2' }, false],
  ['a schema beside words', { schema: { type: 'array' }, expects: 'a list' }, false],
  ['a check beside words', { check: 'result.found[2] == 4', expects: 'a list' }, true],
])('a result is checked by its %s %j: %s', async (_what, more, passes) => {
  const { planner, asked } = stage(
    { plan: [one(more)], judge: [{ met: true, reason: 'yes' }] },
    { checks: true, recovery: { rules: () => ({ strategy: 'fail' }) } },
  )
  const ended = await runDirect(planner, { goal: 'g' }).catch((thrown: MeepoError) => thrown.code)
  expect(ended).toEqual(passes ? expect.objectContaining({ answer: { found: [1, 2, 4] } }) : 'plan.failed')
  expect(asked[0]?.content['checks']).toBe(true)
})

test('checks need expressions to be there', () => {
  expect(() => stage({ plan: [] }, { checks: true })).not.toThrow()
})

test('words are not judged where nobody wants it', async () => {
  const { planner, asked } = stage(
    { plan: [one({ expects: 'it is good' })] },
    { validate: { expectations: 'none', goal: 'none' } },
  )
  const { reason } = await runDirect(planner, { goal: 'g' })
  expect(reason).toBeUndefined()
  expect(asked.map(({ part }) => part)).toEqual(['plan'])
})

test('the goal may be judged by a function, and by a model of its own', async () => {
  const goal = (results: object) => ('b' in results ? (true as const) : 'b is missing')
  const { planner, asked } = stage(
    { plan: [one()], replan: [{ tasks: [{ id: 'b', agent: 'echo', input: 1 }] }] },
    { validate: { goal } },
  )
  expect((await runDirect(planner, { goal: 'g' })).replans).toBe(1)
  expect(asked[1]).toMatchObject({ part: 'replan', content: { missing: 'b is missing' } })

  const judge = playParts({ plan: [] })
  const other = stage({ plan: [one()] }, { validate: { model: judge.model } })
  await runDirect(other.planner, { goal: 'g' })
  expect([other.asked.length, judge.asked.length]).toEqual([1, 1])
})

test('what a judge says is sent back until it is a verdict', async () => {
  const { planner, asked } = stage({
    plan: [one()],
    goal: ['yes', { reached: 'yes' }, { reached: true, reason: 'ok' }],
  })
  expect((await runDirect(planner, { goal: 'g' })).reason).toBe('ok')
  expect(asked).toHaveLength(4)
})

test.each<[verdict: unknown, ends: unknown]>([
  [{ passed: true }, { passed: true }],
  ['{"passed":true,"reason":"fine"}', { passed: true, reason: 'fine' }],
  ['```json\n{"passed":true}\n```', { passed: true }],
  [{ passed: false, reason: 'too short' }, 'it does not pass: too short'],
  [{ passed: false }, 'it does not pass: no reason given'],
  ['looks good', 'a validator answers { passed: boolean, reason?: text }'],
  [{ good: true }, 'a validator answers { passed: boolean, reason?: text }'],
])('a validator that answers %j ends with %j', async (verdict, ends) => {
  const plan = {
    tasks: [...one().tasks, { id: 'v', agent: 'judge', input: 'Judge.', role: 'validator', needs: ['a'] }],
  }
  const judge = define({ name: 'judge', input: z.string(), run: () => Promise.resolve(verdict) })
  const { planner } = stage(
    { plan: [{ ...plan, answer: 'v' }] },
    { agents: [judge], recovery: { rules: () => ({ strategy: 'fail' }) } },
  )
  const ended = await runDirect(planner, { goal: 'g' }).then(
    ({ answer }) => answer,
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : thrown),
  )
  expect(ended).toEqual(typeof ends === 'string' ? expect.stringContaining(ends) : ends)
})

test('a result that a judge does not accept fails its task, and the history tells why', async () => {
  const { planner, asked } = stage(
    { plan: [one({ expects: 'five things', purpose: 'find things' })], judge: [{ met: false, reason: 'only three' }] },
    { recovery: { rules: () => ({ strategy: 'fail' }) } },
  )
  const { code, details } = await errorOf(runDirect(planner, { goal: 'g' }))
  expect([code, details?.['history']]).toEqual([
    'plan.failed',
    [
      expect.objectContaining({
        task: 'a',
        tries: [expect.objectContaining({ code: 'plan.check_failed', strategy: 'fail' })],
      }),
    ],
  ])
  expect(asked[1]?.content).toMatchObject({ task: 'find things', expects: 'five things', input: { text: 'four' } })
})

test('a tool that fails before it is judged fails as it does', async () => {
  const { planner, failures } = stage(
    { plan: [one({ expects: 'five things' })] },
    { recovery: { rules: () => ({ strategy: 'fail' }) } },
  )
  failures.set('find', [new Error('it is down')])
  expect((await errorOf(runDirect(planner, { goal: 'g' }))).message).toContain('it is down')
})

test('an agent is judged like a tool', async () => {
  const plan = { tasks: [{ id: 'a', agent: 'echo', input: { x: 1 }, expects: 'x is 1' }] }
  const { planner } = stage({ plan: [plan], judge: [{ met: true, reason: 'it is' }] })
  expect((await runDirect(planner, { goal: 'g' })).answer).toEqual({ x: 1 })
})

test('a goal that is not reached ends the run, and tells what was done', async () => {
  const { planner } = stage({ plan: [one()], goal: [{ reached: false, reason: 'never' }] }, { maxReplans: 0 })
  const { code, details } = await errorOf(runDirect(planner, { goal: 'g' }))
  expect([code, details]).toEqual([
    'plan.goal_not_reached',
    { completed: ['a'], skipped: [], cancelled: [], replans: 0 },
  ])
})
