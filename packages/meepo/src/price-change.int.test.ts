import { type LedgerEntry } from '@meepo/core'
import { createGateway } from '@meepo/gateway'
import { number, object } from 'zod'
import { expect, test } from 'vitest'
import { answerOf, costOf, openStage, talker } from '../test-support/stage.ts'
import { createMeepo, defineTool, type Meepo } from './index.ts'

function card(version: string, perMillion: number) {
  const rates = { in: { text: 0 }, out: { text: perMillion * 1_000_000 } }
  const limits = { contextTokens: 100_000, maxOutputTokens: 1_000 }
  return { provider: 'sim', model: 'm', aliases: [], version, lastVerified: '2026-11-01', limits, periods: [{ rates }] }
}

async function linesOf(meepo: Meepo): Promise<readonly LedgerEntry[]> {
  return await meepo.store.money.ledger('system')
}

/** Four turns of one run. The prices change while the provider works on the second. */
async function withChange(use: (meepo: Meepo) => Promise<void>): Promise<void> {
  let change = (): void => {}
  const stage = await openStage({
    script: ({ number: turn }) => {
      if (turn === 2) change()
      return turn < 4 ? { ...answerOf(1_000), toolCalls: [{ name: 'next', arguments: { turn } }] } : answerOf(1_000)
    },
  })
  const { env, providers, onWarning } = stage.options
  const gateway = createGateway({ env, providers, onWarning, prices: { overrides: [card('1', 100)] } })
  change = () => gateway.usePrices({ overrides: [card('2', 300)] })
  const next = defineTool({
    name: 'next',
    description: 'Goes on.',
    effect: 'read',
    input: object({ turn: number() }),
    run: async ({ turn }) => turn,
  })
  const meepo = await createMeepo({ store: stage.file, models: gateway })
  try {
    expect((await meepo.run(talker({ tools: [next] }), 'go')).status).toBe('completed')
    await use(meepo)
  } finally {
    await meepo.stop()
  }
}

test('calls before, during and after a change of prices are booked with the cards that they started with', async () => {
  await withChange(async (meepo) => {
    const lines = await linesOf(meepo)
    expect(lines.map(({ entry }) => entry.cost)).toEqual([
      { status: 'settled', picoDollars: String(costOf(1_000)), card: 'sim/m@1' },
      { status: 'settled', picoDollars: String(costOf(1_000)), card: 'sim/m@1' },
      { status: 'settled', picoDollars: String(costOf(3_000)), card: 'sim/m@2' },
      { status: 'settled', picoDollars: String(costOf(3_000)), card: 'sim/m@2' },
    ])
    expect((await meepo.costs.forAgent('talker')).picoDollars).toBe(String(costOf(8_000)))
  })
})

test('pricing again adds corrections and leaves every line as it was', async () => {
  await withChange(async (meepo) => {
    const before = await linesOf(meepo)
    const price = ({ entry }: LedgerEntry) => ({
      picoDollars: String(BigInt(entry.usage.output) * 300_000_000n),
      card: 'sim/m@2',
    })
    const trial = await meepo.costs.reprice({ price, isDryRun: true })
    expect(trial).toEqual({ calls: 4, adjusted: 2, picoDollars: String(costOf(4_000)) })
    expect(await linesOf(meepo)).toEqual(before)
    await meepo.costs.reprice({ price })
    await meepo.costs.reprice({ price })
    const after = await linesOf(meepo)
    expect(after.slice(0, 4)).toEqual(before)
    expect(after.slice(4).map(({ kind, adjusts, entry }) => [kind, adjusts, entry.cost.picoDollars])).toEqual(
      before.slice(0, 2).map(({ id }) => ['adjust', id, String(costOf(2_000))]),
    )
    expect(await meepo.costs.forAgent('talker')).toMatchObject({ picoDollars: String(costOf(12_000)), calls: 4 })
  })
})
