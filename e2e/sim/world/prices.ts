/** What a million tokens cost, in dollars: the provider bills by it, and the gateway is told. */
const dollars = {
  large: { input: 5, output: 20 },
  small: { input: 1, output: 4 },
} as const

type ModelName = keyof typeof dollars

/** The models of the provider `sim`, as the gateway takes prices. */
export const simplePrices = (Object.keys(dollars) as ModelName[]).map((model) => ({
  provider: 'sim',
  model,
  ...dollars[model],
  contextTokens: 100_000,
  maxOutputTokens: 1_000,
}))

/** What the provider bills, in pico-dollars. One dollar for a million tokens is a million of them for one. */
export function priceOf(model: string, inputTokens: number, outputTokens: number): bigint {
  const known = model === 'small' ? dollars.small : dollars.large
  return BigInt((inputTokens * known.input + outputTokens * known.output) * 1_000_000)
}
