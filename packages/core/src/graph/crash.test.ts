// Graphs that crash after every write of their logs, children included, and go on with what was written.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { SmallEngine, type Write } from '../../test/small-engine.ts'
import type { Json } from '../base/json.ts'
import { define, type Definition } from '../run/definition.ts'
import { grow } from './grow.ts'
import { defineGraph } from './graph.ts'
import { task, type AnyTask, type GraphTask } from './task.ts'

/** Steps that ran, by name, and how often. */
type Effects = Map<string, number>

function count(effects: Effects, name: string): void {
  effects.set(name, (effects.get(name) ?? 0) + 1)
}

/** Ends with the same at every crash; a step that was done runs no more. Returns how many crashes there were. */
async function crashEverywhere(
  make: (effects: Effects) => Definition<unknown, unknown>,
  drive: (engine: SmallEngine) => Promise<void> = async () => undefined,
): Promise<number> {
  const first = SmallEngine.start(make(new Map()), null)
  await drive(first)
  const expected = await first.result()
  for (let length = 1; length < first.writes.length; length++) {
    const writes = first.writes.slice(0, length)
    const effects: Effects = new Map()
    const again = SmallEngine.start(make(effects), null, writes)
    await drive(again)
    const record = await again.result()
    expect([length, record.status, record.result, record.error]).toEqual([
      length,
      expected.status,
      expected.result,
      expected.error,
    ])
    for (const name of doneSteps(writes)) expect([length, name, effects.get(name)]).toEqual([length, name, undefined])
    expect([length, again.story().toSorted()]).toEqual([length, first.story().toSorted()])
  }
  return first.writes.length - 1
}

/** Names of the root's steps that were done. */
function doneSteps(writes: readonly Write[]): readonly string[] {
  const names = new Map<number, string>()
  const done: string[] = []
  for (const { runId, event } of writes) {
    if (runId !== 'root') continue
    if (event.type === 'step.started') names.set(event.data.number, event.data.name)
    if (event.type === 'step.completed') done.push(names.get(event.data.number) ?? '')
  }
  return done
}

const slow = define({
  name: 'slow',
  input: z.number(),
  run: async (ctx, ms) => {
    await ctx.sleep(ms)
    return ms
  },
})
const flaky = define({
  name: 'flaky',
  input: z.number(),
  run: async (ctx, ms) => {
    await ctx.sleep(ms)
    return await ctx.step(
      'fails',
      { effect: 'read', retry: { maxAttempts: 1, initialMs: 0, factor: 1, maxMs: 0 } },
      async (): Promise<number> => {
        throw new Error('broken')
      },
    )
  },
})

function everything(effects: Effects): Definition<unknown, unknown> {
  const step = (name: string, value: Json) => async (): Promise<Json> => {
    count(effects, name)
    return value
  }
  const tasks: Record<string, GraphTask<never, never, unknown>> = {
    list: task({ run: step('list', [30, 10, 20]) }),
    each: task({ needs: ['list'], forEach: ({ results }) => results['list'] as number[], concurrency: 2, run: slow }),
    fast: task({ input: () => 200, run: slow }),
    loser: task({ input: () => 5_000, run: slow }),
    first: task({ needs: ['fast', 'loser'], join: 'any', input: (all) => all, run: async (all: unknown) => all }),
    timedOut: task({ input: () => 9_000, run: slow, timeoutMs: 400, optional: true }),
    fails: task({ input: () => 70, run: flaky, optional: true }),
    late: task({ needs: ['fails', 'timedOut'], join: 'settled', joinWithinMs: 90, run: step('late', 'late') }),
    rounds: task({
      input: (_all, _input, { times }) => 300 + 10 * (times ?? 0),
      run: slow,
      repeat: { until: (_view, last) => last > 300, maxTimes: 5 },
    }),
    skipped: task({ needs: ['list'], when: () => false, run: step('skipped', 1) }),
    grower: task({
      needs: ['each'],
      run: async () => {
        count(effects, 'grower')
        return grow('grew', { tasks: { extra: 500 }, before: ['end'] })
      },
    }),
    approved: task({ signal: 'approved' }),
    end: task({ needs: ['grower', 'approved', 'rounds'], input: (all) => all, run: async (all: unknown) => all }),
  }
  return defineGraph({
    name: 'everything',
    uses: [slow],
    growth: (data) =>
      Object.fromEntries(
        Object.entries(data).map(([id, ms]) => [
          id,
          task({ input: () => ms as number, run: slow }) as unknown as AnyTask,
        ]),
      ),
    tasks: tasks as never,
  }) as Definition<unknown, unknown>
}

test('a graph with everything in it that crashes anywhere goes on to the same end', async () => {
  const crashes = await crashEverywhere(everything, async (engine) => {
    await engine.run(1_000)
    engine.signal('approved', 'yes', 'approval')
    engine.signal('approved', 'yes', 'approval')
  })
  expect(crashes).toBeGreaterThan(60)
})

test('a failed graph that crashes anywhere undoes each task once', async () => {
  const undoing = (effects: Effects): Definition<unknown, unknown> => {
    const step = (name: string) => async (): Promise<string> => {
      count(effects, name)
      return name
    }
    const undo = define({
      name: 'undo',
      input: z.unknown(),
      run: async (ctx, done) => await ctx.step('undo', { effect: 'read' }, async () => done as Json),
    })
    const saga = defineGraph({
      name: 'saga',
      tasks: {
        flight: task({ run: step('flight'), onRollback: undo }),
        hotel: task({
          needs: ['flight'],
          run: step('hotel'),
          onRollback: async () => count(effects, 'rollback:hotel:1'),
        }),
        car: task({ needs: ['hotel'], run: flaky, input: () => 10 }),
      },
    })
    return saga as Definition<unknown, unknown>
  }
  expect(await crashEverywhere(undoing)).toBeGreaterThan(15)
})

test('random graphs that crash anywhere go on to the same end', async () => {
  const wish = fc.record({
    needs: fc.array(fc.nat(9), { maxLength: 3 }),
    kind: fc.constantFrom('step', 'step', 'child', 'items', 'fails', 'timer'),
    join: fc.constantFrom('all', 'settled' as const),
    ms: fc.nat(40),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(wish, { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 4 }),
      async (wishes, maxParallel) => {
        await crashEverywhere((effects) => {
          const tasks = wishes.map(
            ({ needs: wanted, kind, join, ms }, at): [string, GraphTask<never, never, unknown>] => {
              const needs = [...new Set(wanted.filter((need) => need < at).map((need) => `t${need}`))]
              const common = { needs, join, optional: at % 2 === 0 } as const
              if (kind === 'child') return [`t${at}`, task({ ...common, input: () => ms, run: slow })]
              if (kind === 'items')
                return [`t${at}`, task({ ...common, forEach: () => [ms, 5], concurrency: 1, run: slow })]
              if (kind === 'timer') return [`t${at}`, task({ ...common, timer: ms })]
              if (kind === 'fails') return [`t${at}`, task({ ...common, input: () => ms, run: flaky })]
              return [
                `t${at}`,
                task({
                  ...common,
                  input: (results) => Object.keys(results),
                  run: async (keys: string[]) => (count(effects, `t${at}`), keys),
                }),
              ]
            },
          )
          return defineGraph({ name: 'random', tasks: Object.fromEntries(tasks) as never, maxParallel }) as Definition<
            unknown,
            unknown
          >
        })
      },
    ),
    { numRuns: 12, seed: 7 },
  )
}, 20_000)

test('parallel branches that wait for signals go on in any order, also when told twice and after a crash in between', async () => {
  const ids = ['a', 'b', 'c']
  const graph = defineGraph({
    name: 'branches',
    tasks: Object.fromEntries(
      ids.flatMap((id) => [
        [id, task({ signal: id })],
        [
          `${id}2`,
          task({
            needs: [id],
            input: (results: Record<string, string>) => results[id] ?? '',
            run: async (text: string) => `${text}!`,
          }),
        ],
      ]),
    ) as never,
  }) as Definition<unknown, unknown>
  for (const order of [
    ['a', 'b', 'c'],
    ['a', 'c', 'b'],
    ['b', 'a', 'c'],
    ['b', 'c', 'a'],
    ['c', 'a', 'b'],
    ['c', 'b', 'a'],
  ]) {
    for (const isCrashing of [false, true]) {
      let engine = SmallEngine.start(graph, null)
      await engine.run()
      for (const id of order) {
        for (const delivery of [`m-${id}`, `m-${id}`, `again-${id}`]) engine.signal(id, id, delivery)
        await engine.run()
        // The branch went on, and no other did.
        const done = order.slice(0, order.indexOf(id) + 1)
        expect(engine.story().filter((line) => line.startsWith('done') && line.endsWith('2'))).toEqual(
          done.map((each) => `done ${each}2`),
        )
        if (isCrashing && !engine.isOver) engine = SmallEngine.start(graph, null, engine.writes)
      }
      expect((await engine.result()).result).toEqual({ a: 'a', a2: 'a!', b: 'b', b2: 'b!', c: 'c', c2: 'c!' })
    }
  }
})
