import type { PricePeriod } from '@meepo/core'
import { expect, test } from 'vitest'
import { genaiModels } from './genai.ts'
import { merge } from './merge.ts'
import { onlyIn } from './rules.ts'
import { flatten, perToken, type SourceModel } from './source.ts'

const now = Date.parse('2026-11-10')

function model(
  id: string,
  input: number,
  more: Partial<SourceModel> = {},
  period: Partial<PricePeriod> = {},
): SourceModel {
  const rates = { in: { text: input }, out: { text: 4_000 } }
  return { id, aliases: [], periods: [{ rates, ...period }], limits: {}, can: [], ...more }
}

test('sources that agree to 0.1 % make one model, and a larger difference is a conflict', () => {
  const near = merge('acme', [model('one', 100_000)], [model('one', 100_100)], now)
  expect(near.conflicts).toEqual([])
  expect(near.models).toMatchObject([{ id: 'one', inPiAi: true }])
  const far = merge('acme', [model('one', 100_000)], [model('one', 100_101)], now)
  expect(far.conflicts).toEqual(['acme/one: in.text 100000 or 100101'])
})

test('a tier that only one source has is a conflict, and so is another price in it', () => {
  const rates = (text: number) => ({ in: { text }, out: { text: 1 } })
  const tier = (at: number, text: number) => ({ sizeTiers: [{ at, op: 'gt' as const, rates: rates(text) }] })
  const plain = model('one', 1)
  const found = (one: PricePeriod['sizeTiers'], other: PricePeriod['sizeTiers']): readonly string[] =>
    merge(
      'acme',
      [model('one', 1, {}, one ? { sizeTiers: one } : {})],
      [model('one', 1, {}, other ? { sizeTiers: other } : {})],
      now,
    ).conflicts
  expect(found(tier(5, 2).sizeTiers, undefined)).toEqual(['acme/one: only one source has a tier at 5'])
  expect(found(tier(5, 2).sizeTiers, tier(5, 3).sizeTiers)).toEqual(['acme/one: from 5: in.text 2 or 3'])
  expect(merge('acme', [plain], [plain], now).conflicts).toEqual([])
})

test('a rule that is not needed is a conflict, so that rules do not outlive their reason', () => {
  const agreed = model('mistral-large-latest', 500_000)
  expect(merge('mistral', [agreed], [agreed], now).conflicts).toEqual([
    'mistral/mistral-large-latest: the rule about who is believed is not needed',
  ])
})

test('what one source does not know is taken from the other, history from genai-prices', () => {
  const known = { in: { text: 1_000 }, read: { text: 100 }, out: { text: 4_000 } }
  const own = model('one', 1_000, { periods: [{ rates: known }], limits: { contextTokens: 5 } })
  const dated = model('one', 1_000, {
    limits: { contextTokens: 9 },
    aliases: ['uno'],
    periods: [
      { to: '2026-01-01', rates: { in: { text: 7 }, out: { text: 7 } } },
      { from: '2026-01-01', rates: { in: { text: 1_000, audio: 5 }, out: { text: 4_000 } } },
    ],
  })
  const [merged] = merge('acme', [own], [dated], now).models
  expect(merged?.limits.contextTokens).toBe(9)
  expect(merged?.aliases).toEqual(['uno'])
  expect([...flatten(merged!.periods[1]!.rates)]).toEqual([
    ['in.text', 1_000],
    ['in.audio', 5],
    ['read.text', 100],
    ['out.text', 4_000],
  ])
  expect(merged?.periods[0]?.rates.in.text).toBe(7)
})

test('dated snapshots become aliases only when they cost the same', () => {
  const same = [model('one', 1), model('one-20260101', 1), model('one-2026-02-02', 2)]
  const { models, left } = merge('acme', same, [model('one', 1)], now)
  expect(models.map(({ id, aliases }) => [id, aliases])).toEqual([['one', ['one-20260101']]])
  expect(left).toEqual(['acme/one-2026-02-02 is only in pi-ai'])
})

test('a model of one source is in the book only when a rule names it', () => {
  const [newest] = onlyIn['pi-ai']['openai'] ?? []
  const { models, left } = merge('openai', [model(newest!, 1), model('other', 1)], [model('third', 1)], now)
  expect(models.map(({ id }) => id)).toEqual([newest])
  expect(left).toEqual(['openai/other is only in pi-ai', 'openai/third is only in genai-prices'])
})

test('whether a tier begins at its size is read from the numbers of genai-prices', () => {
  const tierOf = (provider: string, id: string): unknown => {
    const found = genaiModels(provider).find((one) => one.id === id)
    return found?.periods[0]?.sizeTiers?.map(({ at, op }) => `${op} ${at}`)
  }
  expect(tierOf('openai', 'gpt-5.4')).toEqual(['gte 272000'])
  expect(tierOf('openai', 'gpt-6-sol')).toEqual(['gt 272000'])
  expect(tierOf('x-ai', 'grok-4.5')).toEqual(['gte 200000'])
  expect(tierOf('google', 'gemini-2.5-pro')).toEqual(['gt 200000'])
})

test('only whole names become aliases, and dates and hours become periods', () => {
  const sonnet = genaiModels('anthropic').find(({ id }) => id === 'claude-sonnet-5')
  expect(sonnet?.aliases).toEqual([])
  const flash = genaiModels('google').find(({ id }) => id === 'gemini-3.8-flash')
  expect(flash?.periods.map(({ from, to }) => [from, to])).toEqual([
    [undefined, '2027-01-01'],
    ['2027-01-01', undefined],
  ])
  const deepseek = genaiModels('deepseek').find(({ id }) => id === 'deepseek-v4-pro')
  expect(deepseek?.periods.filter(({ dailyUtc }) => dailyUtc)).toMatchObject([
    { from: '2026-08-17', dailyUtc: ['01:00', '04:00'] },
    { from: '2026-08-17', dailyUtc: ['06:00', '10:00'] },
  ])
})

test('a price is exact or refused', () => {
  expect(perToken(0.003625)).toBe(3_625)
  expect(() => perToken(0.0000001)).toThrow(/too fine/)
})
