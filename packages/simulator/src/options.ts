import { badOption } from './failure.ts'
import type { SimulatorPrice } from './invoice/price.ts'
import { readPrices } from './invoice/price.ts'
import type { Price } from './invoice/price.ts'
import { createProvider } from './provider.ts'
import type { Provider, SimulatorProvider } from './provider.ts'

/** How a simulator is started. What belongs to a provider is that of the one without a path prefix. */
export interface SimulatorOptions extends SimulatorProvider {
  /** 0, the default: any free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Seeds answers, chances and jitter, and names the answers. Default 1. */
  readonly seed?: number
  /** UTF-16 units in a chunk of a stream. Default 20. */
  readonly chunkSize?: number
  /** Every journal entry is also appended here, synchronously, as JSON lines; see `readJournalFile`. */
  readonly journalFile?: string
  /** How many entries are kept in memory, the newest. Default: all. */
  readonly journalLimit?: number
  /** More virtual providers: `/p/NAME/v1/…` reaches the one of that name. What one leaves out is as it is without a prefix. */
  readonly providers?: Readonly<Record<string, SimulatorProvider>>
  /** What the invoice charges. Default: tokens are counted and nothing is priced. */
  readonly prices?: readonly SimulatorPrice[]
  /** How long a batch takes. Default 0: it is done when it is first asked for. */
  readonly batchMs?: number
  /** The time that limits, rules and batches go by, in milliseconds since 1970. Default `Date.now`. */
  readonly clock?: () => number
}

/** A simulator's options, checked. */
export interface CheckedOptions {
  readonly port: number
  readonly host: string
  readonly seed: number
  readonly chunkSize: number
  readonly journalFile: string | undefined
  readonly journalLimit: number
  readonly providers: ReadonlyMap<string, Provider>
  readonly prices: readonly Price[]
  readonly batchMs: number
  readonly clock: () => number
}

/** The provider that needs no path prefix. */
export const DEFAULT_PROVIDER = 'default'

/** Fills in the defaults; throws `simulator.bad_option`, naming the option. */
export function checkOptions(options: SimulatorOptions): CheckedOptions {
  const { port = 0, host = '127.0.0.1', seed = 1, chunkSize = 20, journalFile, prices = [], batchMs = 0 } = options
  const { journalLimit = Number.POSITIVE_INFINITY, providers = {}, clock = Date.now } = options
  if (!isInteger(port, 0) || port > 65_535) throw badOption('port', 'an integer from 0 to 65535')
  if (!Number.isSafeInteger(seed)) throw badOption('seed', 'an integer')
  if (!isInteger(chunkSize, 1)) throw badOption('chunkSize', 'an integer from 1 up')
  if (journalLimit !== Number.POSITIVE_INFINITY && !isInteger(journalLimit, 1)) {
    throw badOption('journalLimit', 'an integer from 1 up')
  }
  if (!Number.isFinite(batchMs) || batchMs < 0) throw badOption('batchMs', 'milliseconds from 0 up')
  const settings = { seed, clock, startedAt: clock() }
  const created = new Map([[DEFAULT_PROVIDER, createProvider(DEFAULT_PROVIDER, options, settings)]])
  for (const [name, own] of Object.entries(providers)) {
    if (!/^[\w.-]+$/.test(name) || name === DEFAULT_PROVIDER) {
      throw badOption(`providers.${name}`, 'named with letters, digits, dots, dashes, and not `default`')
    }
    created.set(name, createProvider(name, { ...inherited(options, own), ...own }, settings))
  }
  return {
    port,
    host,
    seed,
    chunkSize,
    journalFile,
    journalLimit,
    providers: created,
    prices: readPrices(prices),
    batchMs,
    clock,
  }
}

/** A provider with rules of its own does not want the script of the others, and the other way round. */
function inherited(options: SimulatorOptions, own: SimulatorProvider): SimulatorProvider {
  const { script, rules, faults, latency, apiKeys, models, limits } = options
  const answersItself = own.script !== undefined || own.rules !== undefined
  return {
    ...(script !== undefined && !answersItself && { script }),
    ...(rules !== undefined && !answersItself && { rules }),
    ...(faults !== undefined && { faults }),
    ...(latency !== undefined && { latency }),
    ...(apiKeys !== undefined && { apiKeys }),
    ...(models !== undefined && { models }),
    ...(limits !== undefined && { limits }),
  }
}

function isInteger(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least
}
