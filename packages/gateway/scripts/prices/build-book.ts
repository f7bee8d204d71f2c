import { createHash } from 'node:crypto'
import type { PriceBook, PriceCard, PricePeriod, Rates, ServicePrice, SizeTier } from '@meepo/core'
import { genaiModels } from './genai.ts'
import { merge, type Merged } from './merge.ts'
import { piAiModels, readPiAi } from './pi-ai.ts'
import { aliases, genai, hourWrite, piAi, providers, regions, searches, services, type ServiceRule } from './rules.ts'

/** A book, or what stands in the way of one. */
export interface Built {
  readonly book: PriceBook
  readonly conflicts: readonly string[]
  readonly left: readonly string[]
}

/** Makes the book of both sources and the rules. Nothing in it depends on the day it is made. */
export function buildBook(): Built {
  const tables = readPiAi()
  const verifiedAt = tables.generatedAt.slice(0, 10)
  const merged = providers.map((provider) => ({
    provider: provider.name,
    ...merge(provider.name, piAiModels(tables, provider.name), genaiModels(provider.genai), Date.parse(verifiedAt)),
  }))
  const cards = merged.flatMap(({ provider, models }) =>
    models
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((model) => cardOf(provider, model, model.inPiAi ? verifiedAt : genai.date)),
  )
  return {
    book: {
      version: `${verifiedAt}.${digest(cards)}`,
      verifiedAt,
      sources: [`${piAi.name}@${piAi.version}`, `${genai.name}@${genai.version}`],
      cards,
    },
    conflicts: merged.flatMap(({ conflicts }) => conflicts),
    left: merged.flatMap(({ left }) => left),
  }
}

function cardOf(provider: string, model: Merged['models'][number], lastVerified: string): PriceCard {
  const periods = model.periods.map((period) => finish(provider, model.id, period))
  return {
    provider,
    model: model.id,
    aliases: [...model.aliases, ...(aliases[`${provider}/${model.id}`] ?? [])].filter(
      (name, index, all) => all.indexOf(name) === index,
    ),
    version: `${lastVerified}.${digest(periods)}`,
    lastVerified,
    ...(Object.keys(model.limits).length > 0 ? { limits: model.limits } : {}),
    ...(model.can.length > 0 ? { can: model.can } : {}),
    periods,
  }
}

/** Adds what only the rules know. */
function finish(provider: string, model: string, given: PricePeriod): PricePeriod {
  const rule = <T extends { provider: string; models: RegExp }>(rules: readonly T[]): T | undefined =>
    rules.find((one) => one.provider === provider && one.models.test(model))
  const period = provider === hourWrite.provider ? withHourWrites(given) : given
  const own = services.filter((one) => one.provider === provider && one.models.test(model))
  const service = Object.fromEntries(own.map((one) => [one.tier, servicePrice(one, period)]))
  const region = rule(regions)?.region
  const search = rule(searches)
  const units = period.units ?? (search ? { webSearch: search.pico } : undefined)
  return {
    ...period,
    ...(own.length > 0 ? { service } : {}),
    ...(region ? { region } : {}),
    ...(units ? { units } : {}),
  }
}

function withHourWrites(period: PricePeriod): PricePeriod {
  const add = (rates: Rates): Rates => {
    if (rates.write === undefined || rates.write.h1 !== undefined) return rates
    return { ...rates, write: { ...rates.write, h1: (rates.in.text * hourWrite.factor[0]) / hourWrite.factor[1] } }
  }
  return mapRates(period, add)
}

function servicePrice({ factor, keepsReads }: ServiceRule, period: PricePeriod): ServicePrice {
  if (keepsReads !== true) return { factor }
  const half = (rates: Rates): Rates => {
    const scaled = JSON.parse(
      JSON.stringify(rates, (_name, value: unknown) =>
        typeof value === 'number' ? (value * factor[0]) / factor[1] : value,
      ),
    ) as Rates
    return rates.read ? { ...scaled, read: rates.read } : scaled
  }
  const { rates, sizeTiers } = mapRates(
    { rates: period.rates, ...(period.sizeTiers ? { sizeTiers: period.sizeTiers } : {}) },
    half,
  )
  return { rates, ...(sizeTiers ? { sizeTiers } : {}) }
}

function mapRates(period: PricePeriod, change: (rates: Rates) => Rates): PricePeriod {
  const sizeTiers = period.sizeTiers?.map((tier): SizeTier => ({ ...tier, rates: change(tier.rates) }))
  return { ...period, rates: change(period.rates), ...(sizeTiers ? { sizeTiers } : {}) }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 8)
}
