import { InvalidArgumentError, Option } from 'commander'

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `90s`, `10m`, `1h30m` in milliseconds. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units], 0)
  if (parts.map(([part]) => part).join('') === text && ms >= 1) return Math.round(ms)
  throw new InvalidArgumentError('a duration is written like 90s, 10m or 1h30m.')
}

/** A whole number above 0. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError('it must be a whole number above 0.')
}

/** The number of a step: a whole number from 0. */
export function parseNumber(text: string): number {
  const number = Number(text)
  if (text !== '' && Number.isSafeInteger(number) && number >= 0) return number
  throw new InvalidArgumentError('it must be a whole number from 0.')
}

/** An amount in dollars, as it was given. */
export function parseBudget(text: string): string {
  if (/^\$?\d+(\.\d{1,12})?$/.test(text) && Number(text.replace('$', '')) > 0) return text
  throw new InvalidArgumentError('a budget is an amount of dollars above 0, like 5 or 0.25.')
}

/** Options that several commands share. */
export const shared = {
  config: (): Option =>
    new Option('--config <file>', 'the configuration; else meepo.config.ts here or in a folder above'),
  json: (what: string): Option => new Option('--json', `print ${what} as JSON on stdout`),
  stream: (): Option =>
    new Option('--stream <what>', 'print as it comes: text (of the model) or events (one line of JSON each)')
      .choices(['text', 'events'])
      .conflicts('json'),
  budget: (): Option =>
    new Option('--budget <dollars>', 'what the run and everything below it may cost').argParser(parseBudget),
  unpriced: (): Option =>
    new Option(
      '--unpriced <policy>',
      'what the budget does with calls of models without a price; deny unless given',
    ).choices(['deny', 'assume_ceiling', 'allow_flagged']),
  maxTurns: (): Option => new Option('--max-turns <n>', 'model turns of an agent').argParser(parseCount),
}
