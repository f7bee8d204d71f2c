import { expect, test } from 'vitest'
import { createToolShed, playParts, type Parts } from '../../test/planner-world.ts'
import { MeepoError } from '../base/errors.ts'
import { directRun, runDirect } from '../testing/direct-context.ts'
import { definePlanner, type PlannerOptions } from './planner.ts'

const one = { tasks: [{ id: 'a', tool: 'find', input: { text: 'four' } }] }

function stage(parts: Partial<Parts>, failures: readonly Error[], options: Partial<PlannerOptions> = {}) {
  const shed = createToolShed()
  shed.failures.set('find', [...failures])
  const played = playParts({ plan: [one], ...parts })
  const planner = definePlanner({ name: 'p', model: played.model, tools: shed.tools, ...options })
  return { ...shed, ...played, planner }
}

const down = new Error('it is down')

async function endOf(running: Promise<{ readonly answer: unknown }>): Promise<unknown> {
  return running.then(
    ({ answer }) => answer,
    (thrown: unknown) => (MeepoError.is(thrown) ? thrown.code : thrown),
  )
}

test.each<[what: string, answers: readonly unknown[]]>([
  ['what is not allowed', [{ strategy: 'retry', reason: 'x' }]],
  ['no strategy', ['nothing']],
  ['a change without input', [{ strategy: 'change', reason: 'x' }]],
  ['a change to what does not fit', [{ strategy: 'change', reason: 'x', input: { text: 1 } }]],
  ['a change to what is not there', [{ strategy: 'change', reason: 'x', input: { text: { $result: 'z' } } }]],
  ['an alternative without a name', [{ strategy: 'alternative', reason: 'x' }]],
  ['an alternative that is not there', [{ strategy: 'alternative', reason: 'x', worker: 'shell' }]],
  ['the planner as an alternative', [{ strategy: 'alternative', reason: 'x', worker: 'p' }]],
  ['an alternative that takes something else', [{ strategy: 'alternative', reason: 'x', worker: 'add' }]],
])('a model that insists on %s is told twice, and then the last resort is taken', async (_what, answers) => {
  const { planner, asked } = stage({ recover: answers }, [down], {
    maxReplans: 0,
    recovery: { strategies: ['change', 'alternative'] },
  })
  expect(await endOf(runDirect(planner, { goal: 'g' }))).toBe('plan.failed')
  expect(asked.filter(({ part }) => part === 'recover')).toHaveLength(3)
})

test('a model that corrects itself is listened to', async () => {
  const right = { strategy: 'alternative', reason: 'x', worker: 'find_elsewhere', input: { text: 'seven' } }
  const { planner, calls } = stage({ recover: [{ strategy: 'change', reason: 'x' }, right] }, [down])
  expect(await endOf(runDirect(planner, { goal: 'g' }))).toEqual({ found: [1, 2, 5] })
  expect(calls.map(([tool]) => tool)).toEqual(['find', 'find_elsewhere'])
})

test('the model may have it tried again', async () => {
  const { planner, calls } = stage({ recover: [{ strategy: 'retry', reason: 'x' }] }, [down, down])
  expect(await endOf(runDirect(planner, { goal: 'g' }))).toEqual({ found: [1, 2, 4] })
  expect(calls).toHaveLength(3)
})

test('rules that are wrong end the plan with what is wrong', async () => {
  const rules = [
    () => ({ strategy: 'change', input: { text: 1 } }) as const,
    () => ({ strategy: 'alternative', worker: 'shell' }) as const,
  ]
  const ends = await Promise.all(
    rules.map((rule) => endOf(runDirect(stage({}, [down], { recovery: { rules: rule } }).planner, { goal: 'g' }))),
  )
  expect(ends).toEqual(['plan.invalid', 'plan.unknown_worker'])
})

test('without the model the last resort is a new plan, and then the end', async () => {
  const recovery = { asksModel: false }
  const again = { tasks: [{ id: 'b', tool: 'find_elsewhere', input: { text: 'x' } }] }
  const { planner, asked } = stage({ replan: [again] }, [down], { recovery })
  expect(await endOf(runDirect(planner, { goal: 'g' }))).toEqual({ found: [1, 2, 1] })
  expect(asked.map(({ part }) => part)).toEqual(['plan', 'replan', 'goal'])
  const hopeless = stage({}, [down], { recovery, maxReplans: 0 })
  expect(await endOf(runDirect(hopeless.planner, { goal: 'g' }))).toBe('plan.failed')
})

test('a new plan that cannot be run ends the plan with its own code', async () => {
  const { planner } = stage({ replan: [one] }, [down], { recovery: { rules: () => ({ strategy: 'replan' }) } })
  expect(await endOf(runDirect(planner, { goal: 'g' }))).toBe('plan.invalid')
})

test('a refusal by a budget is told as it is, so that the run can be resumed', async () => {
  const { planner, asked } = stage({}, [new MeepoError('budget.exceeded', 'spent')])
  expect(await endOf(runDirect(planner, { goal: 'g' }))).toBe('budget.exceeded')
  expect(asked).toHaveLength(1)
})

test('an optional task that nothing helps is left out', async () => {
  const plan = {
    tasks: [
      { ...one.tasks[0], optional: true },
      { id: 'b', tool: 'find_elsewhere', input: { text: 'x' } },
    ],
  }
  const { planner } = stage({ plan: [plan] }, [down], { recovery: { rules: () => ({ strategy: 'fail' }) } })
  const outcome = await runDirect(planner, { goal: 'g' })
  expect(outcome).toMatchObject({
    answer: { found: [1, 2, 1] },
    tasks: [{ status: 'failed' }, { status: 'completed' }],
  })
})

test('tasks that fail together are decided one after the other', async () => {
  const plan = {
    tasks: ['a', 'b', 'c'].map((id) => ({ id, tool: 'find', input: { text: id } })),
  }
  const answers = [
    { strategy: 'skip', reason: 'not needed' },
    { strategy: 'change', reason: 'x', input: { text: 'other' } },
    { strategy: 'fail', reason: 'no' },
  ]
  const { planner, asked } = stage({ plan: [plan], recover: answers }, [down, down, down])
  const running = runDirect(planner, { goal: 'g' })
  await expect(running).rejects.toMatchObject({ code: 'plan.failed', details: { failed: ['c'], skipped: ['a'] } })
  const order = asked.filter(({ part }) => part === 'recover').map(({ content }) => content['task'])
  expect(order).toEqual([
    { id: 'a', worker: 'find' },
    { id: 'b', worker: 'find' },
    { id: 'c', worker: 'find' },
  ])
})

test('when one task has failed for good nothing else is recovered from', async () => {
  const plan = { tasks: ['a', 'b'].map((id) => ({ id, tool: 'find', input: { text: id } })) }
  const { planner, asked } = stage({ plan: [plan], recover: [{ strategy: 'fail', reason: 'no' }] }, [down, down])
  await expect(runDirect(planner, { goal: 'g' })).rejects.toMatchObject({ code: 'plan.failed' })
  expect(asked.filter(({ part }) => part === 'recover')).toHaveLength(1)
})

test('the end of the run is none of its failures', async () => {
  const { planner } = stage({}, [down])
  const run = directRun({
    intercept: (name) => {
      if (name === 'recover') run.abort()
      return undefined
    },
  })
  await expect(runDirect(planner, { goal: 'g' }, run)).rejects.toMatchObject({ code: 'run.cancelled' })
})

test('a reference that leads nowhere is a failure like any other', async () => {
  const plan = {
    tasks: [one.tasks[0], { id: 'b', tool: 'add', input: { numbers: { $result: 'a', path: 'lost' } } }],
    answer: 'b',
  }
  const right = { strategy: 'change', reason: 'x', input: { numbers: { $result: 'a', path: 'found' } } }
  const { planner, asked } = stage({ plan: [plan], recover: [right] }, [])
  expect(await endOf(runDirect(planner, { goal: 'g' }))).toBe(7)
  expect(asked[1]?.content).toMatchObject({
    error: { code: 'tool.missing_result' },
    allowed: expect.not.arrayContaining(['retry']) as unknown,
  })
})

test('a long answer that cannot be used is not sent back whole', async () => {
  const { planner, asked } = stage({ plan: ['x'.repeat(100_000)] }, [])
  expect(await endOf(runDirect(planner, { goal: 'g' }))).toBe('model.invalid_output')
  expect(JSON.stringify(asked[2]?.request.messages).length).toBeLessThan(60_000)
})

test('long results are shown in part', async () => {
  const { planner, asked } = stage(
    {
      plan: [{ tasks: [{ ...one.tasks[0], input: { text: 'x'.repeat(9_000) } }] }],
      recover: [{ strategy: 'fail', reason: 'no' }],
    },
    [down],
  )
  await endOf(runDirect(planner, { goal: 'g' }))
  expect(asked[1]?.content['input']).toMatch(/\[cut: it has \d+ characters\]$/)
})
