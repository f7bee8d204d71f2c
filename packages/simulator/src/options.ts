import { SimulatorError } from './failure.ts'
import type { Latency } from './latency.ts'
import type { SimulatorScript } from './script.ts'

/** How a simulator is started. */
export interface SimulatorOptions {
  readonly script: SimulatorScript
  /** 0, the default: any free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Seeds the jitter, and names the answers. Default 1. */
  readonly seed?: number
  /** How long answers take unless the script says otherwise. Default: no wait. */
  readonly latency?: Latency
  /** UTF-16 units in a chunk of a stream. Default 20. */
  readonly chunkSize?: number
  /** Every journal entry is also appended here, synchronously, as JSON lines; see `readJournalFile`. */
  readonly journalFile?: string
  /** How many entries are kept in memory, the newest. Default: all. */
  readonly journalLimit?: number
  /** The keys that are accepted as `authorization: Bearer …`. Default: no key is asked for. */
  readonly apiKeys?: readonly string[]
  /** The models that exist; others are answered 404. Default: every name is a model. */
  readonly models?: readonly string[]
}

/** Options with their defaults. */
export type CheckedOptions = SimulatorOptions &
  Required<Pick<SimulatorOptions, 'port' | 'host' | 'seed' | 'latency' | 'chunkSize' | 'journalLimit'>>

/** Fills in the defaults; throws `simulator.bad_option`, naming the option. */
export function checkOptions(options: SimulatorOptions): CheckedOptions {
  const { port = 0, host = '127.0.0.1', seed = 1, latency = {}, chunkSize = 20 } = options
  const { journalLimit = Number.POSITIVE_INFINITY } = options
  if (typeof options.script !== 'function') throw bad('script', 'a function of the request')
  if (!isInteger(port, 0) || port > 65_535) throw bad('port', 'an integer from 0 to 65535')
  if (!Number.isSafeInteger(seed)) throw bad('seed', 'an integer')
  if (!isInteger(chunkSize, 1)) throw bad('chunkSize', 'an integer from 1 up')
  if (journalLimit !== Number.POSITIVE_INFINITY && !isInteger(journalLimit, 1)) {
    throw bad('journalLimit', 'an integer from 1 up')
  }
  for (const [name, ms] of Object.entries(latency)) {
    if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0) throw bad(`latency.${name}`, 'milliseconds from 0 up')
  }
  return { ...options, port, host, seed, latency, chunkSize, journalLimit }
}

function isInteger(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least
}

function bad(name: string, expected: string): SimulatorError {
  return new SimulatorError('simulator.bad_option', `the option \`${name}\` must be ${expected}`)
}
