import { expect, test } from 'vitest'

import { Progress } from './progress.ts'

type Tail = Parameters<Progress['add']>[0]

function created(runId: string, definition: string): Tail {
  const data = {
    definition,
    version: '1',
    input: { value: {} },
    tenant: 't',
    sessionId: 's',
    limits: { activeMs: 1 },
    priority: 0,
  }
  return { cursor: 0, runId, event: { seq: 1, type: 'run.created', at: 0, data } }
}

function answered(runId: string): Tail {
  const usage = { input: 5, cacheRead: 0, cacheWrite: 0, output: 2, reasoning: 0, calls: 1 }
  const data = { number: 0, attempt: 1, result: { value: 1 }, durationMs: 1, usage }
  return { cursor: 0, runId, event: { seq: 2, type: 'step.completed', at: 0, data } }
}

function ended(runId: string): Tail {
  return { cursor: 0, runId, event: { seq: 3, type: 'run.completed', at: 0, data: { result: { value: 1 } } } }
}

test('agents are counted by workflow, runs around them are not', () => {
  const progress = new Progress()
  for (const event of [
    created('m', 'month-end'),
    created('a', 'invoice-checker'),
    created('b', 'onboarder'),
    answered('a'),
    ended('a'),
    created('c', 'reporter'),
    ended('m'),
  ]) {
    progress.add(event)
  }
  expect(progress.parts.get('finance')).toEqual({ agents: 1, done: 1, tokens: 7 })
  expect(progress.parts.get('hr')).toEqual({ agents: 1, done: 0, tokens: 0 })
  expect(progress.parts.get('report')).toEqual({ agents: 1, done: 0, tokens: 0 })
  expect(progress).toMatchObject({ peak: 2, inFlight: 2, total: { agents: 3, done: 1, tokens: 7 } })
})

test('an agent that was stopped and goes on is under way again', () => {
  const progress = new Progress()
  const stopped: Tail['event'] = {
    seq: 3,
    type: 'run.failed',
    at: 0,
    data: { error: { code: 'budget.exceeded', message: '', retryable: false }, unknownSteps: [], resumeAfter: 2 },
  }
  const reopened: Tail['event'] = { seq: 4, type: 'run.reopened', at: 0, data: { limits: {}, by: 'parent' } }
  for (const event of [created('a', 'invoice-checker'), { cursor: 0, runId: 'a', event: stopped }]) progress.add(event)
  expect(progress).toMatchObject({ inFlight: 0, total: { agents: 1, done: 1 } })
  progress.add({ cursor: 0, runId: 'a', event: reopened })
  progress.add(answered('a'))
  expect(progress).toMatchObject({ inFlight: 1, total: { agents: 1, done: 0, tokens: 7 } })
})
