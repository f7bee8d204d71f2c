import type { LedgerEntry, PriceCard } from '@meepo/core'
import type { SimulatorAnswer } from '@meepo/simulator'
import { expect, test } from 'vitest'
import { answerOf, costOf, openStage, price, talker, type Stage } from '../test-support/stage.ts'
import { createMeepo, defineAgent, type Budget, type Meepo, type MeepoOptions } from './index.ts'

const hard: Budget = { name: 'hard', scope: 'tenant', limit: 1, period: 'forever' }
const soft: Budget = { ...hard, name: 'soft', kind: 'soft' }
const strange = { name: 'stranger', model: 'sim:nobody-knows' }
// Its own limit minds nothing: what budgets do is what is looked at.
const unknown = talker({ ...strange, limits: { unpriced: 'allow_flagged' } })

async function linesOf(meepo: Meepo): Promise<readonly LedgerEntry[]> {
  return await meepo.store.money.ledger('system')
}

async function spentOf(meepo: Meepo): Promise<bigint> {
  const [state] = await meepo.costs.budgets()
  return BigInt(state?.spent ?? 0)
}

function open(stage: Stage, options: MeepoOptions): Promise<Meepo> {
  return stage.open({ store: 'memory', ...options })
}

// Models without a price.

test('a hard budget refuses a model without a price: nothing is sent, and the line says so', async () => {
  const stage = await openStage()
  const meepo = await open(stage, { budgets: [hard] })
  const { error } = await meepo.run(unknown, 'go')
  expect(error).toMatchObject({ code: 'budget.exceeded', details: { budget: 'hard', isUnpriced: true } })
  expect(stage.sent()).toBe(0)
  expect(await linesOf(meepo)).toMatchObject([{ entry: { outcome: 'refused', cost: { picoDollars: '0' } } }])
})

test.each<[string, readonly Budget[]]>([
  ['no budget', []],
  ['a soft budget', [soft]],
  ['a hard budget with allow_flagged', [{ ...hard, unpriced: 'allow_flagged' }]],
])('%s lets a model without a price go and counts it as unpriced', async (_, budgets) => {
  const stage = await openStage()
  const meepo = await open(stage, { budgets })
  expect((await meepo.run(unknown, 'go')).status).toBe('completed')
  expect(await linesOf(meepo)).toMatchObject([
    { entry: { outcome: 'ok', cost: { status: 'unpriced', picoDollars: null } } },
  ])
  expect(await meepo.costs.forAgent('stranger')).toMatchObject({ picoDollars: '0', calls: 1, unpricedCalls: 1 })
})

test.each<[string, Parameters<Meepo['run']>[2], { readonly budget?: number }]>([
  ['the start', { budget: '$5' }, {}],
  ['the start, in pico-dollars', { limits: { picoDollars: '5000000000000' } }, {}],
  ['the agent', {}, { budget: 5 }],
])('a limit that %s asked for refuses a model without a price like a hard budget', async (_, start, agent) => {
  const stage = await openStage()
  const meepo = await open(stage, {})
  const one = defineAgent({ ...strange, instructions: 'Talk.', ...agent })
  const { runId, error } = await meepo.run(one, 'go', start)
  const details = { budget: 'run', scope: `run:${runId}`, limitPicoDollars: '5000000000000', isUnpriced: true }
  expect(error).toMatchObject({ code: 'budget.exceeded', details })
  expect(stage.sent()).toBe(0)
  const limits = { picoDollars: '5000000000000', unpriced: 'allow_flagged' } as const
  expect((await meepo.run(one, 'go', { limits })).status).toBe('completed')
})

test('a hard budget with assume_ceiling pays for a model without a price what the dearest one costs, until it is spent', async () => {
  const stage = await openStage()
  const meepo = await open(stage, { budgets: [{ ...hard, limit: '0.25', unpriced: 'assume_ceiling' }] })
  const cheap = defineAgent({ ...strange, instructions: 'Talk.', settings: { maxOutputTokens: 1_000 } })
  const ends: string[] = []
  for (let call = 0; call < 3; call++) {
    const { status, error } = await meepo.run(cheap, 'go')
    ends.push(error?.code ?? status)
  }
  expect(ends).toEqual(['completed', 'completed', 'budget.exceeded'])
  expect(await spentOf(meepo)).toBe(costOf(2_000))
  expect(stage.sent()).toBe(2)
})

test('a ceiling is one of tokens too: the provider is told how many were paid for', async () => {
  const stage = await openStage()
  const meepo = await open(stage, { budgets: [{ ...hard, limit: '2', unpriced: 'assume_ceiling' }] })
  expect((await meepo.run(unknown, 'go')).status).toBe('completed')
  expect(stage.simulator.journal.entries()).toMatchObject([{ body: { max_tokens: 16_384 } }])
})

test('a name that is no model fails before anything is sent', async () => {
  const stage = await openStage()
  const meepo = await open(stage, {})
  const { error } = await meepo.run(talker({ model: 'nowhere:m' }), 'go')
  expect(error?.code).toBe('model.unknown_name')
  expect(stage.sent()).toBe(0)
})

// Prices, budgets and limits that make no sense.

function card(...periods: PriceCard['periods']): PriceCard {
  return { provider: 'sim', model: 'm', aliases: [], version: '1', lastVerified: '2026-11-01', periods }
}

const rates = { in: { text: 1 }, out: { text: 1 } }

test.each<[string, unknown]>([
  ['price.negative', { ...price, output: -1 }],
  ['price.negative', card({ rates: { in: { text: -1 }, out: { text: 1 } } })],
  ['price.missing', { ...card(), periods: [{ rates: { in: {}, out: { text: 1 } } }] }],
  ['price.missing', card()],
  ['price.overlap', card({ to: '2026-12-01', rates }, { from: '2026-11-01', rates })],
  ['price.overlap', card({ from: '2026-12-01', to: '2026-11-01', rates })],
  ['price.missing', { ...price, input: undefined }],
  ['money.invalid', { ...price, output: 'cheap' }],
])('prices that are wrong are refused with %s before anything starts', async (code, override) => {
  // Prices may come from a file: the types know less.
  const opening = createMeepo({ store: 'memory', prices: { overrides: [override as PriceCard] } })
  await expect(opening).rejects.toMatchObject({ code, retryable: false })
})

test.each<[string, MeepoOptions]>([
  [
    'budgets within each other',
    {
      budgets: [
        { ...hard, name: 'a', within: 'b' },
        { ...soft, name: 'b', within: 'a' },
      ],
    },
  ],
  ['a budget within itself', { budgets: [{ ...hard, within: 'hard' }] }],
  ['a budget of nothing', { budgets: [{ ...hard, limit: 0 }] }],
  ['a budget below nothing', { budgets: [{ ...hard, limit: -1 }] }],
  ['a budget that is no number', { budgets: [{ ...hard, limit: Number.NaN }] }],
  ['a limit of nothing', { limits: [{ name: 'l', scope: 'user', counts: 'requests', amount: 0, per: 'minute' }] }],
  ['a limit below nothing', { limits: [{ name: 'l', scope: 'user', counts: 'requests', amount: -5, per: 'minute' }] }],
  ['a rate without a time', { limits: [{ name: 'l', scope: 'user', counts: 'requests', amount: 5 }] }],
  ['two limits of one name', { limits: [limit('l'), limit('l')] }],
  ['six retries', { maxRetries: 6 }],
])('%s are refused before anything starts', async (_, options) => {
  await expect(createMeepo({ store: 'memory', ...options })).rejects.toMatchObject({ code: 'config.invalid' })
})

function limit(name: string, amount = 60): NonNullable<MeepoOptions['limits']>[number] {
  return { name, scope: 'tenant', counts: 'output_tokens', amount, per: 'minute' }
}

test('a call that no time would let through its limit fails at once, and nothing is sent or set aside', async () => {
  const stage = await openStage()
  const meepo = await open(stage, { budgets: [hard], limits: [{ ...limit('tiny', 10), counts: 'input_tokens' }] })
  const { error } = await meepo.run(talker(), 'a prompt of many words '.repeat(20))
  expect(error).toMatchObject({ code: 'limit.impossible', retryable: false })
  expect(stage.sent()).toBe(0)
  expect(await meepo.store.money.reservations('system')).toEqual([])
})

// What providers say that is not so.

test('a key that the provider refuses costs nothing and is told as such', async () => {
  const stage = await openStage({ apiKeys: ['another'] })
  const meepo = await open(stage, { budgets: [hard] })
  const { error } = await meepo.run(talker(), 'go')
  expect(error).toMatchObject({ code: 'model.unauthorized', retryable: false })
  expect(stage.sent()).toBe(1)
  expect(await linesOf(meepo)).toMatchObject([
    { entry: { outcome: 'failed', cost: { status: 'zero', picoDollars: '0' } } },
  ])
  expect(await spentOf(meepo)).toBe(0n)
})

test('garbage in the headers of limits changes nothing', async () => {
  const headers = {
    'x-ratelimit-limit-requests': 'banana',
    'x-ratelimit-remaining-requests': '-7',
    'x-ratelimit-remaining-tokens': '1e999',
    'x-ratelimit-reset-tokens': 'yesterday',
    'x-ratelimit-reset-requests': '99999999999999999999s',
    'retry-after': 'soon',
  }
  const stage = await openStage({ script: () => ({ ...answerOf(10), headers }) })
  const meepo = await open(stage, { budgets: [hard], limits: [limit('per-minute', 100_000)] })
  const agent = talker()
  for (let call = 0; call < 5; call++) expect((await meepo.run(agent, 'go')).status).toBe('completed')
  expect(await spentOf(meepo)).toBe(costOf(50))
})

const mad: readonly [string, SimulatorAnswer['wireUsage'] | 'missing'][] = [
  ['-1', { prompt_tokens: -1, completion_tokens: -1, total_tokens: -2 }],
  ['1e18', { prompt_tokens: 1e18, completion_tokens: 1e18, total_tokens: 2e18 }],
  ['ten billion', { prompt_tokens: 1e10, completion_tokens: 1e10, total_tokens: 2e10 }],
  ['a fraction', { prompt_tokens: 2.5, completion_tokens: 1.5, total_tokens: 4 }],
  ['nothing', 'missing'],
]

test.each(
  mad.flatMap(([name, wireUsage]) => [true, false].map((isStreamed) => [name, isStreamed, wireUsage] as const)),
)(
  'usage of %s (streamed: %s) is replaced by our own count, flagged, and safe for a hard budget',
  async (_, isStreamed, wireUsage) => {
    const text = 'one two three four five six seven eight'
    const answer: SimulatorAnswer =
      wireUsage === 'missing'
        ? { text, fault: { kind: 'missing-usage' } }
        : { text, ...(wireUsage ? { wireUsage } : {}) }
    const stage = await openStage({ script: () => answer })
    const meepo = await open(stage, { budgets: [hard] })
    if (isStreamed) for await (const _event of meepo.stream(talker(), 'go'));
    else await meepo.run(talker(), 'go')
    const [line, ...others] = await linesOf(meepo)
    expect(others).toEqual([])
    expect(line?.entry).toMatchObject({ outcome: 'ok', cost: { status: 'estimated' } })
    const booked = BigInt(line?.entry.cost.picoDollars ?? -1)
    // 39 characters: about ten tokens.
    expect(booked).toBeGreaterThan(costOf(4))
    expect(booked).toBeLessThan(costOf(30))
    expect(await spentOf(meepo)).toBe(booked)
    if (wireUsage !== 'missing') expect(line?.entry.facts?.['flags']).toContain('usage_invalid')
  },
)

test('usage that is no number costs no money silently', async () => {
  const stage = await openStage({
    script: () => ({ ...answerOf(10), wireUsage: { prompt_tokens: 'many', completion_tokens: 'few' } }),
  })
  const meepo = await open(stage, { budgets: [hard], maxRetries: 0 })
  await meepo.run(talker(), 'go')
  const [line] = await linesOf(meepo)
  expect(line?.entry.cost.status).toBe('estimated')
  expect(await spentOf(meepo)).toBe(BigInt(line?.entry.cost.picoDollars ?? -1))
})
