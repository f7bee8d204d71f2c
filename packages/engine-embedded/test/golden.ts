// The definitions behind the golden logs of `packages/core/fixtures/log`. They are never edited: they must replay what
// they once wrote. A change of the log gets a new folder, with definitions of its own.

import {
  anySchema,
  MeepoError,
  noRetry,
  noUsage,
  type Attempt,
  type Definition,
  type Json,
  type RunContext,
  type Schema,
} from '@meepo/core'

const retry = { maxAttempts: 2, initialMs: 10, factor: 1, maxMs: 10 }

function golden(
  name: string,
  run: (ctx: RunContext, input: Json) => Promise<Json>,
  uses: readonly Definition<Json, Json>[] = [],
): Definition<Json, Json> {
  return { name, version: '1', input: anySchema as Schema<Json>, patches: ['golden'], uses: uses as never, run }
}

const steps = golden('golden-steps', async (ctx, input) => {
  const meta = { kind: 'model', turn: 1, maxTurns: 3, model: 'scripted' } as const
  const said = await ctx.step('say', { effect: 'idempotent', isPaid: true, retry, meta }, async (attempt) => {
    if (attempt.count === 1) throw new MeepoError('step.timeout', 'busy')
    attempt.addUsage({ ...noUsage, input: 7, output: 3, calls: 1 })
    return { text: 'hello' }
  })
  const failed = await ctx
    .step('look', { effect: 'read', retry: noRetry, meta: { kind: 'tool', tool: 'look', callId: 'c1' } }, () =>
      Promise.reject(new Error('blind')),
    )
    .catch((thrown: unknown) => (MeepoError.is(thrown) ? thrown.code : 'foreign'))
  ctx.report({ message: 'half way', fraction: 0.5, partial: ['first'], details: { left: 1 } })
  const both = await Promise.all(
    ['a', 'b'].map((name) => ctx.step(name, { effect: 'read', retry: noRetry }, async () => name)),
  )
  return [input, said, failed, both, ctx.patch('golden')] as Json
})

const waits = golden('golden-waits', async (ctx, state) => {
  if (state !== 'second') {
    await ctx.sleep(20)
    const early = await ctx.signalled<Json>('go')
    const never = ctx.signalled('never', { timeoutMs: 15 })
    const late = await never.catch((thrown: unknown) => (MeepoError.is(thrown) ? thrown.code : 'foreign'))
    const slow = ctx.sleep(60_000)
    const first = await ctx.race([slow, ctx.sleep(1)])
    await ctx.cancel(slow, 'lost')
    await ctx.step('note', { effect: 'read' }, async () => [early, late, first.ok] as Json)
    return ctx.continueWith('second')
  }
  await ctx.sleep(5)
  return 'second'
})

const child = golden('golden-child', async (ctx, input) => {
  if (input === 'bad') throw new MeepoError('tool.denied', 'no')
  return ctx.step('echo', { effect: 'read' }, async () => input)
})

const tree = golden(
  'golden-tree',
  async (ctx) => {
    const bad = ctx
      .child(child, 'bad', 'bad')
      .catch((thrown: unknown) => (MeepoError.is(thrown) ? thrown.code : 'foreign'))
    return Promise.all([ctx.child(child, 'good', { x: [1] }), bad])
  },
  [child],
)

const decided = golden('golden-decided', async (ctx) => {
  const paid = await ctx.step<Json>('pay', { effect: 'once', timeoutMs: 20 }, ({ signal }) => {
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut'))))
  })
  void ctx.sleep(60_000)
  const go = await ctx.signalled<Json>('go')
  if (go === 'fail') throw new Error('planned')
  return [paid, go]
})

/** Asks a provider that answers in the second try, once more than its first limit allows. */
const paid = golden('golden-paid', async (ctx) => {
  const ask = (name: string) => ctx.step(name, { effect: 'idempotent', announcesCalls: true, retry }, pay)
  const first = await ask('first')
  const cached = await ctx.step('cached', { effect: 'read' }, async ({ account, id }) => {
    const cost = { status: 'zero', picoDollars: '0', savedPicoDollars: '60' } as const
    account.settle(`${id}.1`, { ...line, outcome: 'cached', cost, try: 1 })
    return 'cached'
  })
  return [first, cached, await ask('second')]
})

const line = { target: 'golden:model', usage: noUsage, startedAt: 7, durationMs: 3 } as const

async function pay({ account, id, count, earlierTries }: Attempt): Promise<Json> {
  const call = `${id}.1`
  const intent = { id: call, target: line.target, key: 'main', try: earlierTries + 1, picoDollars: 100n, atLeast: 100n }
  account.waiting('limit requests')
  const grant = await account.open(intent)
  const zero = { status: 'zero', picoDollars: '0' } as const
  if (grant.kind === 'refused') {
    account.settle(call, { ...line, outcome: 'refused', cost: zero, try: intent.try })
    throw new MeepoError('budget.exceeded', 'the budget is spent')
  }
  if (count === 1 && intent.try === 1) {
    account.settle(call, { ...line, outcome: 'failed', cost: zero, try: intent.try })
    throw new MeepoError('step.timeout', 'busy')
  }
  const cost = { status: 'settled', picoDollars: '60', card: 'golden:model@2026-11-01' } as const
  account.settle(call, { ...line, outcome: 'ok', cost, try: intent.try })
  return 'paid'
}

/** All of them. */
export const goldenDefinitions: readonly Definition<Json, Json>[] = [steps, waits, child, tree, decided, paid]
