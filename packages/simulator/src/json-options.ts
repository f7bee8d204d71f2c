import { SimulatorError } from './failure.ts'
import type { SimulatorOptions } from './options.ts'
import { isRecord } from './value.ts'

interface Shape {
  readonly [option: string]: 'any' | 'list' | 'record' | Shape
}

const ONE_LIMIT: Shape = {
  key: 'any',
  model: 'any',
  acrossModels: 'any',
  requestsPerMinute: 'any',
  tokensPerMinute: 'any',
  inputTokensPerMinute: 'any',
  outputTokensPerMinute: 'any',
  concurrency: 'any',
  burstSeconds: 'any',
}
const ONE_RULE: Shape = {
  route: 'any',
  provider: 'any',
  model: 'any',
  key: 'any',
  stream: 'any',
  contains: 'any',
  chance: 'any',
  window: 'record',
  steps: 'list',
  after: 'any',
}
const ONE_FAULT: Shape = { fault: 'record', chance: 'any', window: 'record' }
const ONE_PRICE: Shape = { model: 'any', provider: 'any', serviceTier: 'any', aboveInputTokens: 'any', rates: 'record' }
const LATENCY: Shape = { headersMs: 'any', firstChunkMs: 'any', perChunkMs: 'any', jitterMs: 'any' }
const PROVIDER: Shape = {
  rules: 'list',
  faults: 'list',
  latency: LATENCY,
  apiKeys: 'list',
  models: 'list',
  limits: 'list',
}
const OPTIONS: Shape = {
  ...PROVIDER,
  port: 'any',
  host: 'any',
  seed: 'any',
  chunkSize: 'any',
  journalFile: 'any',
  journalLimit: 'any',
  batchMs: 'any',
  providers: 'record',
  prices: 'list',
}
/** The shape of every entry of a list. */
const ENTRIES: Readonly<Record<string, Shape>> = {
  rules: ONE_RULE,
  faults: ONE_FAULT,
  limits: ONE_LIMIT,
  prices: ONE_PRICE,
}

/**
 * Options that were written as JSON. Throws `simulator.bad_option`, naming it, for an option that does not exist and for
 * one that is no list or object where it should be. What the values mean is checked by whoever starts a simulator.
 */
export function checkJsonOptions(value: unknown, file: string): SimulatorOptions {
  check(value, OPTIONS, '', file)
  const providers = isRecord(value) && isRecord(value['providers']) ? value['providers'] : {}
  for (const name in providers) check(providers[name], PROVIDER, `providers.${name}.`, file)
  // Its outline was checked above.
  return value as SimulatorOptions
}

/** The same for a list of rules. */
export function checkJsonRules(value: unknown, file: string): NonNullable<SimulatorOptions['rules']> {
  checkEntries('rules', value, '', file)
  // Its outline was checked above; each answer is checked when it is given.
  return value as NonNullable<SimulatorOptions['rules']>
}

function check(value: unknown, shape: Shape, at: string, file: string): void {
  if (!isRecord(value))
    throw bad(file, at === '' ? 'it is no object of options' : `\`${at.slice(0, -1)}\` is no object`)
  for (const name in value) {
    const expected = Object.hasOwn(shape, name) ? shape[name] : undefined
    const inner: unknown = value[name]
    if (expected === undefined) throw bad(file, `\`${at}${name}\` is no option`)
    if (expected === 'list') checkEntries(name, inner, at, file)
    else if (expected === 'record' && !isRecord(inner)) throw bad(file, `\`${at}${name}\` is no object`)
    else if (typeof expected === 'object') check(inner, expected, `${at}${name}.`, file)
  }
}

function checkEntries(name: string, list: unknown, at: string, file: string): void {
  if (!Array.isArray(list)) throw bad(file, `\`${at}${name}\` is no list`)
  const shape = ENTRIES[name]
  if (shape === undefined) return
  for (const [index, entry] of (list as readonly unknown[]).entries())
    check(entry, shape, `${at}${name}[${index}].`, file)
}

function bad(file: string, mistake: string): SimulatorError {
  return new SimulatorError('simulator.bad_option', `${file} has a mistake: ${mistake}`)
}
