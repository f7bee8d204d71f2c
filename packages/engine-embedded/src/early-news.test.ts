import { anySchema, define, MeepoError, type Json, type Store } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './engine.ts'

/** News of a child comes once more while a later segment starts it, before the store has answered that start. */
function storeThatTellsAgain(): Store {
  const store = createMemoryStore()
  const starts = new Set<string>()
  const create: Store['log']['create'] = async (scope, run, events, owner) => {
    const { parent } = run
    if (parent && starts.size === starts.add(run.runId).size) {
      const data = { childRunId: run.runId, seq: 9, outcome: { kind: 'completed', result: { value: 'told again' } } }
      await store.inbox.deliver(scope, parent.runId, { id: 'again', kind: 'child', data })
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    return store.log.create(scope, run, events, owner)
  }
  return { ...store, log: { ...store.log, create } }
}

test('a child of another input is a conflict, also when the end of the first one is told again meanwhile', async () => {
  const child = define({ name: 'child', input: anySchema, run: async (_ctx, input) => input as Json })
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [child],
    run: async (ctx, input): Promise<string> => {
      const number = input === 'later' ? 2 : 1
      const end = await ctx.child(child, 'one', number).catch((thrown: unknown) => thrown)
      if (number === 1) return ctx.continueWith('later')
      return MeepoError.is(end) ? end.code : String(end)
    },
  })
  const engine = createEmbeddedEngine({ store: storeThatTellsAgain() })
  const record = await (await engine.start(parent, 'now')).result()
  expect(record).toMatchObject({ status: 'completed', result: 'child.conflict' })
  await engine.stop()
})
