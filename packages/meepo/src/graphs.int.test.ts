// Graphs on a file, whose runs are evicted whenever they wait: each answer from outside finds nothing in memory.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Graph, RunHandle } from '@meepo/core'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../test-support/stage.ts'
import { createMeepo, defineGraph, task, type Meepo } from './index.ts'

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-graphs-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'meepo.db')
}

/** Nobody holds it in memory any more. */
async function evicted({ store }: Meepo, { runId }: RunHandle<unknown>): Promise<void> {
  await until(async () => (await store.log.run('system', runId)).status === 'waiting')
}

const inner = defineGraph({
  name: 'inner',
  tasks: {
    nap: task({ timer: 20 }),
    each: task({ needs: ['nap'], forEach: () => [1, 2, 3], concurrency: 2, run: async (item: number) => item * 2 }),
  },
  output: ({ each }) => each,
})

const bodies = new Map<string, number>()
function count(name: string): string {
  bodies.set(name, (bodies.get(name) ?? 0) + 1)
  return name
}

/** Three branches that wait for a person each, and one that does everything else that can wait. */
const graph = defineGraph({
  name: 'branches',
  tasks: {
    begin: task({ run: async () => count('begin') }),
    a: task({ needs: ['begin'], signal: 'a' }),
    b: task({ needs: ['begin'], signal: 'b' }),
    c: task({ needs: ['begin'], signal: 'c' }),
    afterA: task({ needs: ['a'], input: () => null, run: async () => count('afterA') }),
    afterB: task({ needs: ['b'], input: () => null, run: async () => count('afterB') }),
    afterC: task({ needs: ['c'], input: () => null, run: async () => count('afterC') }),
    lists: task({ needs: ['a'], input: () => null, run: inner }),
    first: task({ needs: ['afterA', 'afterB', 'afterC'], join: 'any', run: async () => count('first') }),
    end: task({
      needs: ['afterA', 'afterB', 'afterC', 'lists', 'first'],
      input: (results: object) => results,
      run: async (results: object) => (count('end'), Object.keys(results).length),
    }),
  },
})

const names = ['a', 'b', 'c'] as const
const orders = names.flatMap((one) =>
  names.filter((two) => two !== one).map((two) => [one, two, names.find((three) => three !== one && three !== two)!]),
)

test.each(['memory', 'file'] as const)(
  'evicted branches go on in any order, each told twice (%s)',
  async (kind) => {
    const meepo = await createMeepo({ store: kind === 'memory' ? 'memory' : newFile(), idleMs: 0 })
    for (const order of orders) {
      bodies.clear()
      const handle = await meepo.start(graph, null)
      for (const name of order) {
        await evicted(meepo, handle)
        for (const id of ['once', 'twice']) await handle.signal(name, { by: name }, `${name}-${id}`)
        await until(() => bodies.has(`after${name.toUpperCase()}`))
      }
      const { result, error } = await handle.result()
      expect([order, error]).toEqual([order, undefined])
      expect(result).toMatchObject({ a: { by: 'a' }, b: { by: 'b' }, c: { by: 'c' }, lists: [2, 4, 6] })
      // Nothing that is done is done again, however often the run was read back.
      expect(
        [...bodies.values()].every((times) => times === 1),
        JSON.stringify([...bodies]),
      ).toBe(true)
    }
    await meepo.stop()
  },
  30_000,
)

test('another process goes on after each answer', async () => {
  const store = newFile()
  bodies.clear()
  let meepo = await createMeepo({ store, idleMs: 0, definitions: [graph] })
  const { runId } = await meepo.start(graph, null)
  for (const name of ['c', 'a', 'b']) {
    await evicted(meepo, meepo.engine.handle(runId))
    await meepo.stop()
    meepo = await createMeepo({ store, idleMs: 0, definitions: [graph] })
    for (const id of ['once', 'twice']) await meepo.engine.handle(runId).signal(name, { by: name }, `${name}-${id}`)
    await until(() => bodies.has(`after${name.toUpperCase()}`))
  }
  const { success, result } = await meepo.engine.handle(runId).result()
  expect(success).toBe(true)
  expect(result).toMatchObject({ lists: [2, 4, 6], first: 'first' })
  expect(
    [...bodies.values()].every((times) => times === 1),
    JSON.stringify([...bodies]),
  ).toBe(true)
  await meepo.stop()
}, 30_000)

// ---- new versions ----

/** Waits for a person, then runs `then`. */
function versionOf(version: string, then: string, more: { readonly isLong?: boolean; readonly when?: boolean } = {}) {
  const { isLong = false, when = true } = more
  return defineGraph({
    name: 'evolving',
    version,
    tasks: {
      asked: task({ signal: 'go' }),
      early: task({ when: () => true, run: async () => 'early' }),
      done: task({ needs: ['asked'], when: () => when, input: () => null, run: async () => then }),
      ...(isLong ? { more: task({ needs: ['done'], input: () => null, run: async () => 'more' }) } : {}),
    } as never,
  }) as Graph
}

/** A run that waits, of a process that is gone. */
async function waiting(store: string): Promise<string> {
  const meepo = await createMeepo({ store, idleMs: 0 })
  const handle = await meepo.start(versionOf('1', 'old'), null)
  await evicted(meepo, handle)
  await meepo.stop()
  return handle.runId
}

test('a waiting run ends with the version that it began with, and new runs use the new one', async () => {
  const store = newFile()
  const runId = await waiting(store)
  const next = versionOf('2', 'new', { isLong: true })
  const meepo = await createMeepo({ store, idleMs: 0, definitions: [versionOf('1', 'old'), next] })
  const handle = meepo.engine.handle(runId)
  await handle.signal('go', 'yes')
  expect((await handle.result()).result).toEqual({ asked: 'yes', early: 'early', done: 'old' })
  const fresh = await meepo.start('evolving', null)
  await fresh.signal('go', 'yes')
  expect((await fresh.result()).result).toEqual({ asked: 'yes', early: 'early', done: 'new', more: 'more' })
  await meepo.stop()
})

test('another graph under the same version is found out before it does anything, and the old one goes on', async () => {
  const store = newFile()
  const runId = await waiting(store)
  const changed = await createMeepo({ store, idleMs: 0, definitions: [versionOf('1', 'new', { isLong: true })] })
  await changed.engine.handle(runId).signal('go', 'yes')
  const { success, error } = await changed.engine.handle(runId).result()
  expect(success).toBe(false)
  expect(error).toMatchObject({ code: 'run.nondeterministic', cause: { code: 'graph.changed' } })
  await changed.stop()
  const back = await createMeepo({ store, idleMs: 0, definitions: [versionOf('1', 'old')] })
  const { result } = await (await back.engine.resume(runId)).result()
  expect(result).toEqual({ asked: 'yes', early: 'early', done: 'old' })
  await back.stop()
})

test('a body and a condition may change under a version, as far as the run has not come there', async () => {
  const store = newFile()
  const runId = await waiting(store)
  const later = await createMeepo({ store, idleMs: 0, definitions: [versionOf('1', 'new', { when: false })] })
  await later.engine.handle(runId).signal('go', 'yes')
  expect((await later.engine.handle(runId).result()).result).toEqual({ asked: 'yes', early: 'early' })
  await later.stop()
})
