import type { PriceCard, PricePeriod, Rates } from '@meepo/core'
import { fit, type Terminal } from '../terminal.ts'

const head = ['MODEL', 'INPUT', 'CACHED', 'WRITTEN', 'OUTPUT', '']

/** Price cards as a table, in dollars for a million tokens: the prices of today, and a line below for each size tier. */
export function pricesTable(terminal: Terminal, cards: readonly PriceCard[], now: number): string {
  const rows = [head, ...cards.flatMap((card) => cardRows(card, now))]
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) =>
      // Names and remarks to the left, numbers to the right.
      column === 0 || column === 5 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    return fit(cells.join('  ').trimEnd(), terminal.isOutLive ? terminal.columns() : Infinity)
  })
  return `${lines.join('\n')}\n`
}

function cardRows(card: PriceCard, now: number): readonly string[][] {
  const name = `${card.provider}:${card.model}`
  const period = card.periods.find((one) => !one.dailyUtc && holds(one, now))
  if (!period) return [[name, '', '', '', '', 'no price today']]
  const tiers = (period.sizeTiers ?? []).map(({ at, op, rates }) => [
    `  ${op === 'gt' ? 'above' : 'from'} ${at.toLocaleString('en-US')} tokens`,
    ...cells(rates),
    '',
  ])
  return [[name, ...cells(period.rates), remarks(card, period, now)], ...tiers]
}

function holds({ from, to }: PricePeriod, now: number): boolean {
  return (from === undefined || Date.parse(from) <= now) && (to === undefined || now < Date.parse(to))
}

function cells({ in: input, read, write, out }: Rates): readonly string[] {
  return [input.text, read?.text, write?.m5 ?? write?.other, out?.text].map((pico) =>
    pico === undefined ? '' : String(pico / 1e6),
  )
}

function remarks({ periods }: PriceCard, period: PricePeriod, now: number): string {
  const next = periods.find(({ from }) => from !== undefined && Date.parse(from) > now)?.from
  const parts = [
    ...Object.keys(period.service ?? {}),
    ...(periods.some(({ dailyUtc }) => dailyUtc) ? ['other prices by the hour'] : []),
    ...(next === undefined ? [] : [`changes on ${next}`]),
  ]
  return parts.join(', ')
}
