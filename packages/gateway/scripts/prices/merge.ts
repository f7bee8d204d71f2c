import type { ModelAbility, PricePeriod, Rates, SizeTier } from '@meepo/core'
import { believed, onlyIn } from './rules.ts'
import { flatten, present, type SourceModel } from './source.ts'

/** What both sources say about one provider, joined by exact id. */
export interface Merged {
  readonly models: readonly (SourceModel & { readonly inPiAi: boolean })[]
  /** What no rule decides. */
  readonly conflicts: readonly string[]
  /** Models that one source holds and no rule takes. */
  readonly left: readonly string[]
}

/** Joins the sources. The rates in force must agree to 0.1 %; history, audio, images and long cache writes are genai-prices'. */
export function merge(
  provider: string,
  piAi: readonly SourceModel[],
  genai: readonly SourceModel[],
  now: number,
): Merged {
  const conflicts: string[] = []
  const left: string[] = []
  const rows = withoutSnapshots(piAi, genai)
  const models = rows.flatMap(({ own, names }) => {
    const key = `${provider}/${own.id}`
    const other = genai.find(({ id }) => id === own.id) ?? genai.find(({ aliases }) => aliases.includes(own.id))
    if (!other) {
      if (onlyIn['pi-ai'][provider]?.includes(own.id)) return [{ ...own, aliases: names, inPiAi: true }]
      left.push(`${key} is only in pi-ai`)
      return []
    }
    const problems = compare(inForce(own, now), inForce(other, now))
    const rule = believed[key]
    if (problems.length > 0 && !rule) conflicts.push(`${key}: ${problems.join(', ')}`)
    if (problems.length === 0 && rule) conflicts.push(`${key}: the rule about who is believed is not needed`)
    const base = rule?.source === 'pi-ai' ? own : { ...other, periods: union(other.periods, own, now) }
    return [
      { ...base, id: own.id, aliases: [...names, ...ownNames(own.id, other)], ...facts(own, other), inPiAi: true },
    ]
  })
  const taken = new Set(models.flatMap(({ id, aliases }) => [id, ...aliases]))
  const chosen = onlyIn['genai-prices'][provider] ?? []
  for (const model of genai) {
    if (chosen.includes(model.id)) models.push({ ...model, inPiAi: false })
    else if (!taken.has(model.id)) left.push(`${provider}/${model.id} is only in genai-prices`)
  }
  return { models: models.map((model) => ({ ...model, aliases: unowned(model, models) })), conflicts, left }
}

/** Dated snapshots that cost the same as the model of their name become its aliases. */
function withoutSnapshots(
  rows: readonly SourceModel[],
  genai: readonly SourceModel[],
): readonly { own: SourceModel; names: readonly string[] }[] {
  const isSnapshot = (row: SourceModel, of: SourceModel): boolean =>
    row.id !== of.id &&
    (row.id.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2})$/, '') === of.id ||
      genai.some(({ id, aliases }) => id === of.id && aliases.includes(row.id))) &&
    JSON.stringify([row.periods, row.limits]) === JSON.stringify([of.periods, of.limits])
  const base = rows.filter((row) => !rows.some((other) => isSnapshot(row, other)))
  return base.map((own) => ({ own, names: rows.filter((row) => isSnapshot(row, own)).map(({ id }) => id) }))
}

/** The other source's aliases belong to the model that it calls by the same id, not to those that are its aliases. */
function ownNames(id: string, other: SourceModel): readonly string[] {
  return id === other.id ? other.aliases : []
}

function unowned(model: SourceModel, all: readonly SourceModel[]): readonly string[] {
  const ids = new Set(all.map(({ id }) => id))
  return [...new Set(model.aliases)].filter((name) => !ids.has(name)).toSorted()
}

/** The period without hours that holds now. */
export function inForce({ periods }: Pick<SourceModel, 'periods'>, now: number): PricePeriod {
  const found = periods.find(
    ({ from, to, dailyUtc }) =>
      !dailyUtc && (from === undefined || Date.parse(from) <= now) && (to === undefined || now < Date.parse(to)),
  )
  if (!found) throw new Error('no period holds now')
  return found
}

function compare(one: PricePeriod, other: PricePeriod): readonly string[] {
  const tiers = (period: PricePeriod): ReadonlyMap<number, SizeTier> =>
    new Map((period.sizeTiers ?? []).map((tier) => [tier.at, tier]))
  const [mine, theirs] = [tiers(one), tiers(other)]
  const sizes = new Set([...mine.keys(), ...theirs.keys()])
  return [
    ...compareRates('', one.rates, other.rates),
    ...[...sizes].flatMap((at) => {
      const [a, b] = [mine.get(at), theirs.get(at)]
      return a && b ? compareRates(`from ${at}: `, a.rates, b.rates) : [`only one source has a tier at ${at}`]
    }),
  ]
}

/** Only what both tell: a rate that one does not hold is no disagreement. */
function compareRates(prefix: string, one: Rates, other: Rates): readonly string[] {
  const theirs = flatten(other)
  return [...flatten(one)].flatMap(([name, price]) => {
    const price2 = theirs.get(name) ?? price
    return Math.abs(price - price2) * 1_000 > Math.max(price, price2) ? [`${prefix}${name} ${price} or ${price2}`] : []
  })
}

/** The periods of one source, with rates of the other that it does not hold added to the one in force. */
function union(periods: readonly PricePeriod[], other: SourceModel, now: number): readonly PricePeriod[] {
  const more = inForce(other, now)
  const current = inForce({ periods }, now)
  return periods.map((period) => {
    if (period !== current) return period
    const sizeTiers = period.sizeTiers?.map((tier) => {
      const rates = more.sizeTiers?.find(({ at }) => at === tier.at)?.rates
      return rates ? { ...tier, rates: joinRates(tier.rates, rates) } : tier
    })
    return { ...period, rates: joinRates(period.rates, more.rates), ...present({ sizeTiers }) }
  })
}

function joinRates(one: Rates, other: Rates): Rates {
  return present({
    in: { ...other.in, ...one.in },
    read: one.read || other.read ? { ...other.read, ...one.read } : undefined,
    write: one.write || other.write ? { ...other.write, ...one.write } : undefined,
    out: one.out || other.out ? { ...other.out, ...one.out } : undefined,
  }) as Rates
}

/** The larger window: pi-ai holds the default window of some models, which a request may exceed at a higher price. */
function facts(own: SourceModel, other: SourceModel): Pick<SourceModel, 'limits' | 'can'> {
  const contextTokens = Math.max(own.limits.contextTokens ?? 0, other.limits.contextTokens ?? 0)
  const can = new Set<ModelAbility>([...own.can, ...other.can])
  return { limits: { ...own.limits, contextTokens }, can: [...can] }
}
