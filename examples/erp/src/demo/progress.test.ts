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
