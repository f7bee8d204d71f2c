import { MeepoError, parseDollars, type PriceCard, type PricePeriod } from '@meepo/core'

/** A price as a person writes it: dollars for a million tokens. */
export interface SimplePrice {
  readonly provider: string
  readonly model: string
  readonly aliases?: readonly string[]
  readonly input: string | number
  /** Absent for models that put out no tokens. */
  readonly output?: string | number
  readonly cacheRead?: string | number
  readonly cacheWrite?: string | number
  readonly contextTokens?: number
  readonly maxOutputTokens?: number
}

/**
 * Makes a price card of a {@link SimplePrice}. Throws `price.negative`, `price.missing`, `money.invalid`, or `price.not_whole`
 * for a price that is finer than a pico-dollar a token.
 *
 * @example
 * const card = simplePrice({ provider: 'local', model: 'llama-4', input: 0, output: 0 })
 */
export function simplePrice(price: SimplePrice): PriceCard {
  const { provider, model, aliases = [], contextTokens, maxOutputTokens } = price
  const rate = (field: 'input' | 'output' | 'cacheRead' | 'cacheWrite'): number | undefined =>
    price[field] === undefined ? undefined : perToken(price[field], `${provider}/${model}: ${field}`)
  const input = rate('input')
  // A price that comes from a file may lack it, and nothing is free by accident.
  if (input === undefined) throw new MeepoError('price.missing', `${provider}/${model}: input is missing`)
  const [output, read, write] = [rate('output'), rate('cacheRead'), rate('cacheWrite')]
  const period: PricePeriod = {
    rates: {
      in: { text: input },
      ...(read === undefined ? {} : { read: { text: read } }),
      ...(write === undefined ? {} : { write: { other: write } }),
      ...(output === undefined ? {} : { out: { text: output } }),
    },
  }
  const limits = {
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  }
  // The far future: a price that the deployment sets itself does not age.
  return { provider, model, aliases, version: 'own', lastVerified: '9999-12-31', limits, periods: [period] }
}

function perToken(dollars: string | number, where: string): number {
  if (Number(dollars) < 0) throw new MeepoError('price.negative', `${where} is negative`)
  const pico = parseDollars(dollars)
  if (pico % 1_000_000n !== 0n) {
    throw new MeepoError('price.not_whole', `${where} is finer than a pico-dollar a token`)
  }
  return Number(pico / 1_000_000n)
}
