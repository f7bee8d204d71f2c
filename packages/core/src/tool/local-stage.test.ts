import { expect, test } from 'vitest'
import type { Attempt } from '../run/context.ts'
import { createTestMachine } from '../testing/test-machine.ts'
import { LocalStage } from './local-stage.ts'
import { createToolRuntime } from './runtime.ts'

function stageOf(more: Partial<ConstructorParameters<typeof LocalStage>[0]> = {}): LocalStage {
  const machine = createTestMachine()
  const { signal } = new AbortController()
  return new LocalStage({ ...machine, tools: createToolRuntime(machine), tenant: 'acme', signal, ...more })
}

async function attemptOf(stage: LocalStage): Promise<Attempt> {
  let seen: Attempt | undefined
  const body = async (attempt: Attempt): Promise<void> => {
    seen = attempt
  }
  await stage.step('look', { effect: 'read' }, body)
  return seen!
}

test('a body outside of a run has no models, and an account that keeps no books', async () => {
  const attempt = await attemptOf(stageOf())
  const { account, call } = attempt
  expect(() => call.models.resolve('openai:gpt')).toThrow(expect.objectContaining({ code: 'agent.no_model' }))
  expect(account.tenant).toBe('acme')
  const intent = { id: 'x', target: 'tool:a', try: 1, picoDollars: 5n, atLeast: 5n }
  expect(await account.open(intent)).toEqual({ kind: 'granted', picoDollars: 5n })
  account.waiting('room')
  // What would go into a record goes nowhere.
  attempt.saved({ from: 'cache', ms: 1 })
  attempt.addUsage({} as never)
  account.settle('x', {} as never)
})

test('questions without a deadline and without a schema are answered as they are', async () => {
  expect(await stageOf({ answer: async (name) => ({ name }) }).signalled('ask')).toEqual({ name: 'ask' })
})

test('text of a step without a call is told under no id', async () => {
  const told: string[] = []
  const attempt = await attemptOf(stageOf({ onText: (id, delta) => void told.push(`${id}:${delta}`) }))
  attempt.preview?.('text')
  expect(told).toEqual([':text'])
})

test('what a run would tell its stream is told to nobody unless somebody listens', () => {
  expect(() => stageOf().report({ message: 'unheard' })).not.toThrow()
})
