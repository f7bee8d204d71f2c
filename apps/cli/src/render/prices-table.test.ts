import type { PriceCard } from '@meepo/core'
import { expect, test } from 'vitest'
import { createScreen } from '../../test-support/screen.ts'
import { pricesTable } from './prices-table.ts'

const now = Date.parse('2026-11-21')
const rates = { in: { text: 2_000_000 }, read: { text: 200_000 }, write: { m5: 2_500_000 }, out: { text: 10_000_000 } }
const card: PriceCard = {
  provider: 'acme',
  model: 'one',
  aliases: [],
  version: '1',
  lastVerified: '2026-11-01',
  periods: [
    {
      to: '2027-01-01',
      rates,
      service: { batch: { factor: [1, 2] } },
      sizeTiers: [{ at: 272_000, op: 'gte', rates: { in: { text: 4_000_000 }, out: { text: 15_000_000 } } }],
    },
    { from: '2027-01-01', rates },
    { dailyUtc: ['01:00', '04:00'], rates },
  ],
}
const embedding: PriceCard = {
  ...card,
  model: 'two',
  periods: [{ rates: { in: { text: 20_000 } }, sizeTiers: [{ at: 9, op: 'gt', rates: { in: { text: 1 } } }] }],
}

test('prices are shown in dollars for a million tokens, with their tiers below', () => {
  const past: PriceCard = { ...card, model: 'past', periods: [{ to: '2026-01-01', rates }] }
  const text = pricesTable(createScreen(), [card, embedding, past], now)
  expect(text.split('\n')).toEqual(
    [
      'MODEL                  INPUT  CACHED  WRITTEN  OUTPUT',
      'acme:one                   2     0.2      2.5      10  batch, other prices by the hour, changes on 2027-01-01',
      '  from 272,000 tokens      4                       15',
      'acme:two                0.02',
      '  above 9 tokens     0.000001',
      'acme:past                                              no price today',
      '',
    ].map((line) =>
      expect.stringMatching(new RegExp(`^${line.replaceAll(/[.*+?()]/g, '\\$&').replaceAll(/ +/g, ' +')}$`)),
    ),
  )
})

test('on a terminal long lines are cut', () => {
  const [, line] = pricesTable(createScreen(true, 40), [card], now).split('\n')
  expect(line).toHaveLength(40)
})
