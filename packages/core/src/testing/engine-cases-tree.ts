import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { RunId } from '../base/ids.ts'
import type { Engine } from '../engine/engine.ts'
import { check, checkEqual } from './check.ts'
import {
  begin,
  checkDone,
  code,
  codeOf,
  eventsOf,
  eventually,
  gate,
  known,
  logOf,
  read,
  runOnce,
  untilLogged,
  untilWaiting,
  type EngineCase,
  type EngineCaseContext,
} from './engine-case.ts'

const leaf = code('leaf', (ctx) => ctx.signalled('go'))
const middle = code('middle', (ctx) => ctx.child(leaf, 'leaf', null), { uses: [known(leaf)] })
const top = code('top', (ctx) => Promise.all([ctx.child(middle, 'a', null), ctx.child(leaf, 'b', null)]), {
  uses: [known(middle)],
})

async function childrenOf(context: EngineCaseContext, engine: Engine, runId: RunId): Promise<readonly RunId[]> {
  const found = await context.until(engine.runs({ parent: runId }))
  return found.map((run) => run.runId).toReversed()
}

/** The runs of a tree of `top`: itself, its children in order, and the grandchild. */
async function growTree(
  context: EngineCaseContext,
  engine: Engine,
  limits: { deadlineAt?: number } = {},
): Promise<readonly RunId[]> {
  const { runId } = await begin(context, engine, top, { limits })
  await eventually(context, 'the tree has grown', async () => (await context.store.log.runs('system')).length === 4)
  const all = await context.store.log.runs('system')
  for (const run of all) await untilWaiting(context, run.runId)
  const byDefinition = (name: string, parent?: RunId): RunId =>
    all.find((run) => run.definition === name && (parent === undefined || run.parent?.runId === parent))?.runId ?? ''
  const mid = byDefinition('middle')
  return [runId, mid, byDefinition('leaf', mid), byDefinition('leaf', runId)]
}

/** Children: their start, their end, and what happens to them when something happens to their parent. */
export const treeCases: readonly EngineCase[] = [
  {
    name: 'the failure of a child is an error in its parent',
    run: async (context) => {
      const failing = code('failing', (ctx) =>
        ctx.step('fail', read, () => Promise.reject(new MeepoError('tool.denied', 'no'))),
      )
      const parent = code('parent', (ctx) => codeOf(ctx.child(failing, 'one', null)), { uses: [known(failing)] })
      checkEqual(checkDone(await runOnce(context, parent), 'parent'), 'tool.denied', 'the error')
    },
  },
  {
    name: 'a child that cannot be started is an error in its parent, also when the parent is evicted meanwhile',
    run: async (context) => {
      const strict = code<number, Json>('strict', async () => null, {
        input: {
          safeParse: () => ({ success: false, error: { issues: [{ path: [], message: 'never' }] } }),
          toJSONSchema: () => ({}),
        },
      })
      const parent = code('parent', (ctx) => codeOf(ctx.child(strict, 'one', 1)), { uses: [known(strict)] })
      checkEqual(checkDone(await runOnce(context, parent), 'parent'), 'input.invalid', 'the error')
    },
  },
  {
    name: 'one child id is one child: another input is child.conflict, the same input the same run',
    run: async (context) => {
      let bodies = 0
      const child = code<Json, Json[]>('child', (ctx, input) => ctx.step('count', read, async () => [input, ++bodies]))
      const parent = code<Json, Json>(
        'parent',
        async (ctx, before) => {
          if (before !== null)
            return [before, await ctx.child(child, 'x', 1), await codeOf(ctx.child(child, 'y', 2)), bodies]
          const [x, same, other] = await Promise.all([
            ctx.child(child, 'x', 1),
            ctx.child(child, 'x', 1),
            ctx.child(child, 'y', 1),
          ])
          const conflict = await codeOf(Promise.resolve().then(() => ctx.child(child, 'x', 2)))
          checkEqual(conflict, 'child.conflict', 'in the same segment')
          checkEqual(same, x, 'the same child twice')
          // Which of the two began first is for their engines to say.
          const inOrder = x[1] === 1 ? [x, other] : [other, x]
          checkEqual(
            inOrder,
            [
              [1, 1],
              [1, 2],
            ],
            'two children',
          )
          return ctx.continueWith(x)
        },
        { uses: [known(child)] },
      )
      const [x, later, conflict, ran] = checkDone(await runOnce(context, parent), 'parent') as readonly Json[]
      checkEqual([later ?? null, conflict ?? null, ran ?? null], [x ?? null, 'child.conflict', 2], 'in a later segment')
    },
  },
  {
    name: 'the crash of a parent leaves its children running, and it hears of their end',
    run: async (context) => {
      const opened = gate<Json>()
      const child = code('child', (ctx) => ctx.step('wait', { effect: 'idempotent' }, () => opened.opened))
      const parent = code('parent', (ctx) => ctx.child(child, 'one', null), { uses: [known(child)] })
      const first = await context.open({ definitions: [code('other', async () => null)] })
      const { runId } = await begin(context, first.engine, parent)
      await eventually(context, 'the child runs', async () => (await context.store.log.runs('system')).length === 2)
      first.crash()
      const { engine } = await context.open({ definitions: [parent] })
      opened.open('late')
      checkEqual(checkDone(await context.until(engine.handle(runId).result()), 'parent'), 'late', 'the result')
    },
  },
  {
    name: 'cancel takes down the whole tree, children first',
    run: async (context) => {
      const { engine } = await context.open({ definitions: [top] })
      const tree = await growTree(context, engine)
      await context.until(engine.handle(tree[0] ?? '').cancel('enough'))
      await context.until(engine.handle(tree[0] ?? '').result())
      const ends = await Promise.all(tree.map(async (runId) => (await context.store.log.run('system', runId)).status))
      checkEqual(ends, ['cancelled', 'cancelled', 'cancelled', 'cancelled'], 'the ends')
      const parent = eventsOf(await logOf(context, tree[0] ?? ''), 'task.cancelled')
      checkEqual(
        parent.map(({ data }) => data.reason),
        ['enough', 'enough'],
        'the parent awaited both',
      )
    },
  },
  {
    name: 'the failure of a parent takes down its children',
    run: async (context) => {
      const runs = gate()
      const child = code('child', async (ctx) => {
        await ctx.step('tell', read, async () => runs.open())
        return ctx.signalled('never')
      })
      const parent = code(
        'parent',
        async (ctx) => {
          void ctx.child(child, 'one', null)
          await ctx.step('until the child runs', read, () => runs.opened)
          throw new Error('planned')
        },
        { uses: [known(child)] },
      )
      const { engine } = await context.open({ definitions: [parent] })
      const handle = await begin(context, engine, parent)
      checkEqual((await context.until(handle.result())).error?.message, 'planned', 'the error')
      const [found] = await context.until(engine.runs({ parent: handle.runId }))
      checkEqual(found?.status, 'cancelled', 'the child')
    },
  },
  {
    name: 'a cancel that a crash cut off is carried through',
    run: async (context) => {
      const first = await context.open({ definitions: [top] })
      const tree = await growTree(context, first.engine)
      await context.until(first.engine.handle(tree[0] ?? '').cancel('enough'))
      first.crash()
      const { engine } = await context.open({ definitions: [top] })
      checkEqual((await context.until(engine.handle(tree[0] ?? '').result())).status, 'cancelled', 'the parent')
      for (const runId of tree) checkEqual((await context.store.log.run('system', runId)).status, 'cancelled', runId)
    },
  },
  {
    name: 'an absolute deadline ends a waiting tree, also one that nobody has in memory',
    run: async (context) => {
      const { engine } = await context.open({ definitions: [top] })
      const tree = await growTree(context, engine, { deadlineAt: context.now() + 600 })
      const record = await context.until(engine.handle(tree[0] ?? '').result())
      checkEqual([record.status, record.error?.code], ['failed', 'run.deadline'], 'the end')
      for (const runId of tree) {
        const { status } = await context.store.log.run('system', runId)
        check(status === 'failed' || status === 'cancelled', `${runId} is ${status}`)
      }
    },
  },
  {
    name: 'a run that is reopened after its deadline goes on with its children and repeats nothing',
    run: async (context) => {
      let bodies = 0
      const child = code('child', async (ctx) => {
        await ctx.step('count', read, async () => ++bodies)
        return ctx.signalled('go')
      })
      const parent = code(
        'parent',
        async (ctx) => {
          const first = await ctx.step('count', read, async () => ++bodies)
          return [first, await ctx.child(child, 'one', null)]
        },
        { uses: [known(child)] },
      )
      const { engine } = await context.open({ definitions: [parent] })
      const limits = { deadlineAt: context.now() + 500 }
      const handle = await begin(context, engine, parent, { limits })
      checkEqual((await context.until(handle.result())).error?.code, 'run.deadline', 'the end')
      await context.until(engine.resume(handle.runId, { deadlineAt: context.now() + 60_000 }))
      const [childId = ''] = await childrenOf(context, engine, handle.runId)
      await untilLogged(context, childId, 'run.reopened')
      await context.until(engine.handle(childId).signal('go', 'on'))
      checkEqual(checkDone(await context.until(handle.result()), 'reopened'), [1, 'on'], 'the result')
      check(bodies === 2, `bodies ran ${bodies} times`)
    },
  },
  {
    name: 'a run that is reopened after a cancel goes on with its whole tree',
    run: async (context) => {
      const { engine } = await context.open({ definitions: [top] })
      const tree = await growTree(context, engine)
      const [root = '', , deep = '', direct = ''] = tree
      await context.until(engine.handle(root).cancel('a mistake'))
      await context.until(engine.handle(root).result())
      await context.until(engine.resume(root))
      await untilLogged(context, deep, 'run.reopened')
      await untilLogged(context, direct, 'run.reopened')
      await context.until(engine.handle(deep).signal('go', 1))
      await context.until(engine.handle(direct).signal('go', 2))
      checkEqual(checkDone(await context.until(engine.handle(root).result()), 'reopened'), [1, 2], 'the result')
    },
  },
  {
    name: 'a tree whose code is gone ends when it is asked to, children first, and goes on when the code is back',
    run: async (context) => {
      const first = await context.open({ definitions: [top] })
      const [root = '', mid = '', deep = '', direct = ''] = await growTree(context, first.engine)
      first.crash()
      const second = await context.open({ definitions: [known(code('other', async () => null))] })
      await context.until(second.engine.handle(root).cancel('nobody has it any more'))
      const record = await context.until(second.engine.handle(root).result())
      checkEqual([record.status, record.error?.message], ['cancelled', 'nobody has it any more'], 'the end')
      const ended: readonly RunId[] = [deep, mid, root]
      const at = await Promise.all(ended.map(async (id) => (await context.store.log.run('system', id)).endedAt ?? 0))
      checkEqual(
        at,
        at.toSorted((a, b) => a - b),
        'when the generations ended',
      )
      for (const id of [...ended, direct]) {
        const log = await logOf(context, id)
        checkEqual(log.at(-1)?.type, 'run.cancelled', `the end of ${id}`)
        checkEqual(eventsOf(log, 'run.cancel_requested').length, 1, `requests in ${id}`)
        check(eventsOf(log, 'task.cancelled').length > 0, `${id} ended with open tasks`)
      }
      const third = await context.open({ definitions: [top] })
      await context.until(third.engine.resume(root))
      for (const id of [deep, direct]) await untilLogged(context, id, 'run.reopened')
      await context.until(third.engine.handle(deep).signal('go', 1))
      await context.until(third.engine.handle(direct).signal('go', 2))
      checkEqual(checkDone(await context.until(third.engine.handle(root).result()), 'reopened'), [1, 2], 'the result')
    },
  },
  {
    name: 'limits, tenant, session and actor flow down, and limits are only narrowed',
    run: async (context) => {
      const child = code('child', async (ctx) => [ctx.tenant, ctx.sessionId, ctx.limits as unknown as Json], {
        limits: { activeMs: 9_000_000, maxTurns: 50 },
      })
      const parent = code(
        'parent',
        (ctx) =>
          Promise.all([
            ctx.child(child, 'a', null),
            ctx.child(child, 'b', null, { limits: { activeMs: 5, maxTurns: 2 } }),
          ]),
        { uses: [known(child)] },
      )
      const record = await runOnce(context, parent, {
        tenant: 't1',
        sessionId: 's1',
        actor: 'me',
        limits: { activeMs: 70_000, maxTurns: 7 },
      })
      const wanted = [
        ['t1', 's1', { activeMs: 70_000, maxTurns: 7 }],
        ['t1', 's1', { activeMs: 5, maxTurns: 2 }],
      ]
      checkEqual(checkDone(record, 'parent'), wanted, 'what the children had')
      const [child1] = await context.store.log.runs('system', { parent: record.runId })
      checkEqual(eventsOf(await logOf(context, child1?.runId ?? ''), 'run.created')[0]?.data.actor, 'me', 'the actor')
    },
  },
]
