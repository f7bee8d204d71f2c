import { findProvider } from '@pydantic/genai-prices'
import type { ModelAbility, PricePeriod, Rates, SizeTier } from '@meepo/core'
import { perToken, present, type SourceModel } from './source.ts'

type Model = NonNullable<ReturnType<typeof findProvider>>['models'][number]
type Prices = Exclude<Model['prices'], readonly unknown[]>
type Price = Prices[string]

/** The models of one provider that have a price for input tokens. */
export function genaiModels(provider: string): readonly SourceModel[] {
  const found = findProvider({ providerId: provider })
  if (!found) throw new Error(`genai-prices does not know ${provider}`)
  const writes = provider === 'anthropic' ? 'm5' : 'other'
  return found.models.flatMap((model) => {
    const periods = periodsOf(model, writes)
    if (periods.length === 0) return []
    return [
      {
        id: model.id,
        aliases: exactNames(model.match).filter((name) => name !== model.id),
        periods,
        limits: present({ contextTokens: model.context_window }),
        can: abilities(periods),
      },
    ]
  })
}

/** Only names that are compared as a whole. */
function exactNames(match: Model['match']): readonly string[] {
  if ('equals' in match) return [match.equals]
  return 'or' in match ? match.or.flatMap(exactNames) : []
}

function periodsOf({ prices }: Model, writes: 'm5' | 'other'): readonly PricePeriod[] {
  const all = Array.isArray(prices) ? prices : [{ prices }]
  if (all.some((one) => one.prices['input_mtok'] === undefined)) return []
  const dated = all.filter(({ constraint }) => constraint?.type !== 'time_of_date')
  const starts = dated.map(({ constraint }) => (constraint?.type === 'start_date' ? constraint.start_date : undefined))
  const periods = dated.map(({ prices: own }, index) => ({
    ...present({ from: starts[index], to: starts[index + 1] }),
    ...pricesOf(own, writes),
  }))
  const daily = all.flatMap(({ constraint, prices: own }) =>
    constraint?.type === 'time_of_date'
      ? [
          {
            ...present({ from: starts.at(-1) }),
            dailyUtc: [constraint.start_time.slice(0, 5), constraint.end_time.slice(0, 5)] as [string, string],
            ...pricesOf(own, writes),
          },
        ]
      : [],
  )
  return [...periods, ...daily]
}

function pricesOf(prices: Prices, writes: 'm5' | 'other'): PricePeriod {
  const starts = new Set(Object.values(prices).flatMap((price) => tiersOf(price).map(({ start }) => start)))
  const sizeTiers = [...starts]
    .toSorted((a, b) => a - b)
    .map((start): SizeTier => {
      // Thousands are written as they are when they are outside the tier, and one less when they are inside.
      const at = start % 1_000 === 999 ? start + 1 : start
      return { at, op: at === start ? 'gt' : 'gte', rates: ratesAt(prices, start, writes) }
    })
  const searches = prices['web_searches_kcount']
  return {
    rates: ratesAt(prices, undefined, writes),
    ...(sizeTiers.length > 0 ? { sizeTiers } : {}),
    ...(typeof searches === 'number' ? { units: { webSearch: perToken(searches) * 1_000 } } : {}),
  }
}

function ratesAt(prices: Prices, start: number | undefined, writes: 'm5' | 'other'): Rates {
  const rate = (name: string): number | undefined => {
    const dollars = dollarsAt(prices[name], start)
    return dollars === undefined ? undefined : perToken(dollars)
  }
  const group = (names: Readonly<Record<string, string>>): Record<string, number> =>
    present(Object.fromEntries(Object.entries(names).map(([kind, name]) => [kind, rate(name)]))) as Record<
      string,
      number
    >
  const read = group({ text: 'cache_read_mtok', audio: 'cache_audio_read_mtok', image: 'cache_image_read_mtok' })
  const write = group({ [writes]: 'cache_write_mtok', h1: 'cache_write_1h_mtok' })
  const out = group({
    text: 'output_mtok',
    audio: 'output_audio_mtok',
    image: 'output_image_mtok',
    video: 'output_video_mtok',
  })
  const input = { audio: 'input_audio_mtok', image: 'input_image_mtok', video: 'input_video_mtok' }
  return {
    // Models without this price were left out before.
    in: { text: rate('input_mtok') ?? 0, ...group(input) },
    ...(Object.keys(read).length > 0 ? { read } : {}),
    ...(Object.keys(write).length > 0 ? { write } : {}),
    ...(out['text'] === undefined ? {} : { out: { ...out, text: out['text'] } }),
  }
}

function tiersOf(price: Price): readonly { readonly start: number; readonly price: number }[] {
  return typeof price === 'object' ? price.tiers : []
}

function dollarsAt(price: Price, start: number | undefined): number | undefined {
  if (typeof price !== 'object') return price
  return price.tiers.find((tier) => tier.start === start)?.price ?? price.base
}

function abilities([first]: readonly PricePeriod[]): readonly ModelAbility[] {
  const { in: input, out } = first!.rates
  return [
    ...(input.audio === undefined && out?.audio === undefined ? [] : (['audio'] as const)),
    ...(input.image === undefined ? [] : (['images'] as const)),
    ...(input.video === undefined ? [] : (['video'] as const)),
  ]
}
