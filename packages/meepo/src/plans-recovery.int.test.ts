import { expect, test } from 'vitest'
import { brittle, failing, play, result } from '../test-support/plan-fleet.ts'
import { MeepoError, type Json } from './index.ts'

test('a result that is not what the plan expects leads to a new plan of that part, and what is done stays', async () => {
  const { stage, planner, calls } = await play({
    plan: () => ({
      tasks: [
        { id: 'find', tool: 'search', input: { text: 'tides' } },
        { id: 'draft', tool: 'write', input: { text: result('find') }, expects: 'it names the moon' },
        { id: 'copy', tool: 'look_up', input: { text: result('draft') } },
      ],
      answer: 'copy',
    }),
    judge: ({ content }) => ({
      met: JSON.stringify(content['result']).includes('moon'),
      reason: 'no word of the moon',
    }),
    recover: () => ({ strategy: 'replan', reason: 'another source is needed' }),
    replan: () => ({
      tasks: [
        { id: 'moon', tool: 'look_up', input: { text: 'moon' } },
        { id: 'draft2', tool: 'write', input: { text: result('moon') }, needs: ['find'], expects: 'it names the moon' },
      ],
      answer: 'draft2',
    }),
  })
  const meepo = await stage.open({ definitions: [planner] })
  const { result: outcome, error } = await meepo.run(planner, { goal: 'tides' })
  expect(error).toBeUndefined()
  expect(outcome).toMatchObject({ answer: { text: 'write of look_up of moon' }, replans: 1 })
  expect(calls).toEqual(['search tides', 'write search of tides', 'look_up moon', 'write look_up of moon'])
  expect(outcome?.tasks.map(({ id, status }) => `${id} ${status}`)).toEqual([
    'find completed',
    'draft failed',
    'copy skipped',
    'moon completed',
    'draft2 completed',
  ])
  const replan = stage.asked.find(({ part }) => part === 'replan')
  expect(replan?.content).toMatchObject({
    done: [{ id: 'find', result: { text: 'search of tides' } }],
    dropped: [{ id: 'copy' }],
    failed: { id: 'draft', tries: [{ code: 'plan.check_failed', strategy: 'replan' }] },
  })
})

test('a validator that does not pass is recovered from like a failure', async () => {
  const { stage, planner } = await play({
    plan: () => ({
      tasks: [
        { id: 'draft', tool: 'write', input: { text: 'tides' } },
        { id: 'check', agent: 'reviewer', input: 'Judge it.', role: 'validator', needs: ['draft'] },
      ],
      answer: 'draft',
    }),
    agent: ({ count }) => (count === 0 ? { passed: false, reason: 'too short' } : { passed: true }),
    recover: () => ({ strategy: 'replan', reason: 'write it again' }),
    replan: () => ({
      tasks: [
        { id: 'draft2', tool: 'write', input: { text: 'long tides' } },
        { id: 'check2', agent: 'reviewer', input: 'Judge it.', role: 'validator', needs: ['draft2'] },
      ],
      answer: 'draft2',
    }),
  })
  const meepo = await stage.open({ definitions: [planner] })
  const { result: outcome } = await meepo.run(planner, { goal: 'tides' })
  expect(outcome).toMatchObject({ answer: { text: 'write of long tides' }, replans: 1 })
  const [, , failed] = stage.asked
  expect(JSON.stringify(failed?.content)).toContain('it does not pass: too short')
})

test('retry: an error that passes is tried again without asking anybody', async () => {
  const passing = (name: string, call: number) =>
    name === 'search' && call === 1
      ? new MeepoError('model.overloaded', 'busy', { details: { retryAfterMs: 1 } })
      : undefined
  const rules = { rules: () => ({ strategy: 'retry', afterMs: 1 }) as const }
  const { stage, planner, calls } = await play({ plan: () => brittle }, { recovery: rules }, passing)
  const meepo = await stage.open({ definitions: [planner] })
  const { result: outcome } = await meepo.run(planner, { goal: 'tides' })
  expect(outcome?.tasks[0]).toMatchObject({ status: 'completed', tries: [{ attempt: 1, strategy: 'retry' }] })
  expect(calls).toEqual(['search tides', 'search tides', 'write search of tides'])
  expect(stage.counts()).toEqual({ plan: 1, goal: 1 })
})

test('change: the model gives the arguments anew', async () => {
  const { stage, planner, calls } = await play(
    { plan: () => brittle, recover: () => ({ strategy: 'change', reason: 'shorter', input: { text: 'sea' } }) },
    {},
    failing('search', 1),
  )
  const meepo = await stage.open({ definitions: [planner] })
  const { result: outcome } = await meepo.run(planner, { goal: 'tides' })
  expect(outcome?.answer).toEqual({ text: 'write of search of sea' })
  expect(calls).toEqual(['search tides', 'search sea', 'write search of sea'])
})

test('alternative: another tool takes the place, named by the plan or by the model', async () => {
  const named = {
    ...(brittle as object),
    tasks: [{ id: 'find', tool: 'search', input: { text: 'a' }, alternatives: ['look_up'] }],
  }
  for (const plan of [
    { ...named, answer: 'find' },
    { tasks: [{ id: 'find', tool: 'search', input: { text: 'a' } }] },
  ]) {
    const { stage, planner } = await play(
      { plan: () => plan, recover: () => ({ strategy: 'alternative', reason: 'it works', worker: 'look_up' }) },
      {},
      failing('search'),
    )
    const meepo = await stage.open({ definitions: [planner] })
    const { result: outcome } = await meepo.run(planner, { goal: 'tides' })
    expect(outcome?.answer).toEqual({ text: 'look_up of a' })
    expect(stage.counts().recover ?? 0).toBe('alternatives' in (plan.tasks[0] as object) ? 0 : 1)
  }
})

test('skip: what needs a skipped task goes on without its result', async () => {
  const { stage, planner } = await play(
    {
      plan: () => ({
        tasks: [
          { id: 'find', tool: 'search', input: { text: 'tides' } },
          { id: 'review', agent: 'reviewer', input: 'Write what you know.', needs: ['find'] },
        ],
      }),
      recover: () => ({ strategy: 'skip', reason: 'it goes without' }),
      agent: () => 'The moon does it.',
    },
    {},
    failing('search'),
  )
  const meepo = await stage.open({ definitions: [planner] })
  const { result: outcome } = await meepo.run(planner, { goal: 'tides' })
  expect(outcome).toMatchObject({
    answer: 'The moon does it.',
    tasks: [{ status: 'skipped' }, { status: 'completed' }],
  })
})

test('fail: the run ends with the history of what was tried, and finished work is named', async () => {
  const { stage, planner, calls } = await play(
    {
      plan: () => ({
        tasks: [
          { id: 'note', tool: 'write', input: { text: 'first' } },
          { id: 'find', tool: 'search', input: { text: 'tides' }, needs: ['note'], alternatives: ['look_up'] },
          { id: 'draft', tool: 'write', input: { text: result('find') } },
        ],
      }),
      recover: ({ count }) =>
        count === 0
          ? { strategy: 'change', reason: 'other words', input: { text: 'sea' } }
          : { strategy: 'fail', reason: 'nothing helps' },
    },
    { maxReplans: 0 },
    (name) => (name === 'search' || name === 'look_up' ? new Error('it is down') : undefined),
  )
  const meepo = await stage.open({ definitions: [planner] })
  const { success, error } = await meepo.run(planner, { goal: 'tides' })
  expect(success).toBe(false)
  expect(error).toMatchObject({
    code: 'plan.failed',
    details: {
      failed: ['find'],
      completed: ['note'],
      skipped: ['draft'],
      replans: 0,
      history: [
        {
          task: 'find',
          tries: [
            { attempt: 1, worker: 'search', message: 'it is down', strategy: 'alternative' },
            { attempt: 2, worker: 'look_up', strategy: 'change' },
            { attempt: 3, worker: 'look_up' },
          ],
        },
      ],
    },
  })
  expect(calls).toEqual(['write first', 'search tides', 'look_up tides', 'look_up sea'])
})

test('what may have happened already is not tried again, whatever the model would like', async () => {
  const { stage, planner, calls } = await play(
    {
      plan: () => ({ tasks: [{ id: 'tell', tool: 'mail', input: { text: 'tides' } }] }),
      recover: () => ({ strategy: 'retry', reason: 'once more' }),
    },
    { maxReplans: 0, recovery: { strategies: ['retry', 'change', 'alternative', 'skip'] } },
    failing('mail'),
  )
  const meepo = await stage.open({ definitions: [planner] })
  const { error } = await meepo.run(planner, { goal: 'tides' })
  expect(error?.code).toBe('plan.failed')
  expect(calls).toEqual(['mail tides'])
  expect(stage.asked.find(({ part }) => part === 'recover')?.content['allowed']).toEqual(['skip', 'fail'])
})

test('a goal that is not reached by all that was done is planned on, so many times', async () => {
  const more = (id: string): Json => ({ tasks: [{ id, tool: 'search', input: { text: id } }], answer: id })
  const { stage, planner, calls } = await play(
    {
      plan: () => more('one'),
      replan: ({ count }) => more(count === 0 ? 'two' : 'three'),
      goal: ({ content }) => ({ reached: 'three' in (content['results'] as object), reason: 'three is missing' }),
    },
    { maxReplans: 2 },
  )
  const meepo = await stage.open({ definitions: [planner] })
  const { result: outcome } = await meepo.run(planner, { goal: 'three' })
  expect(outcome).toMatchObject({ answer: { text: 'search of three' }, replans: 2 })
  expect(calls).toEqual(['search one', 'search two', 'search three'])

  const short = await play(
    { plan: () => more('one'), goal: () => ({ reached: false, reason: 'never' }) },
    { maxReplans: 0 },
  )
  const fleet = await short.stage.open({ definitions: [short.planner] })
  const { error } = await fleet.run(short.planner, { goal: 'three' })
  expect(error).toMatchObject({ code: 'plan.goal_not_reached', details: { completed: ['one'] } })
})
