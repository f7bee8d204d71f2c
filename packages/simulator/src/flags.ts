import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { reasonOf, SimulatorError } from './failure.ts'
import type { Fault } from './fault.ts'
import { checkJsonOptions, checkJsonRules } from './json-options.ts'
import type { Latency } from './latency.ts'
import type { SimulatorLimit } from './limiter/limit.ts'
import type { SimulatorOptions } from './options.ts'
import type { SimulatorFault } from './rules/with-faults.ts'
import type { SimulatorScript } from './script.ts'

/** A simulator's options as a command line writes them: all text. */
export interface SimulatorFlags {
  /** A module that exports the script as `script` or as default, or a `.json` file with a list of rules. */
  readonly script?: string
  /** A `.json` file with any options that are data: rules, faults, limits, prices, providers, keys. Other flags win. */
  readonly options?: string
  readonly port?: string
  readonly host?: string
  readonly seed?: string
  /** `headersMs=50,jitterMs=10` */
  readonly latency?: string
  /** Each like `503=0.02`: a status, or the kind of a fault, and its share of all answers. */
  readonly fault?: readonly string[]
  /** `requestsPerMinute=60,concurrency=5` */
  readonly limit?: string
  readonly chunkSize?: string
  readonly journal?: string
  readonly journalLimit?: string
  readonly apiKey?: readonly string[]
  readonly model?: readonly string[]
}

/** The options that flags describe. Throws `simulator.bad_option` or `simulator.script_unreadable`. */
export async function readFlags(flags: SimulatorFlags): Promise<SimulatorOptions> {
  const { script, options, port, host, seed, latency, fault, limit, chunkSize, journal, journalLimit } = flags
  const fromFile = options === undefined ? {} : checkJsonOptions(readJson(options), options)
  return {
    ...fromFile,
    ...(script !== undefined && (await loadScript(script))),
    ...(port !== undefined && { port: numberOf('port', port) }),
    ...(host !== undefined && { host }),
    ...(seed !== undefined && { seed: numberOf('seed', seed) }),
    ...(latency !== undefined && { latency: parseLatency(latency) }),
    ...(fault !== undefined && { faults: fault.map(parseFault) }),
    ...(limit !== undefined && { limits: [parseLimit(limit)] }),
    ...(chunkSize !== undefined && { chunkSize: numberOf('chunk-size', chunkSize) }),
    ...(journal !== undefined && { journalFile: journal }),
    ...(journalLimit !== undefined && { journalLimit: numberOf('journal-limit', journalLimit) }),
    ...(flags.apiKey !== undefined && { apiKeys: flags.apiKey }),
    ...(flags.model !== undefined && { models: flags.model }),
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new SimulatorError('simulator.script_unreadable', `cannot read ${file}: ${reasonOf(cause)}`, { cause })
  }
}

/** Reads rules, or imports a script module. Throws `simulator.script_unreadable` when that fails. */
async function loadScript(file: string): Promise<Pick<SimulatorOptions, 'script' | 'rules'>> {
  if (file.endsWith('.json')) return { rules: checkJsonRules(readJson(file), file) }
  let loaded: unknown
  try {
    loaded = await import(pathToFileURL(resolve(file)).href)
  } catch (cause) {
    throw new SimulatorError('simulator.script_unreadable', `cannot load the script ${file}: ${reasonOf(cause)}`, {
      cause,
    })
  }
  const { script, default: fallback } = loaded as { script?: unknown; default?: unknown } // every module is an object
  const found = script ?? fallback
  if (typeof found !== 'function') {
    throw new SimulatorError(
      'simulator.script_unreadable',
      `${file} exports no function named \`script\` and none as default`,
    )
  }
  // What the function returns is checked on every call.
  return { script: found as SimulatorScript }
}

const LATENCIES = ['headersMs', 'firstChunkMs', 'perChunkMs', 'jitterMs']
const LIMITS = [
  'requestsPerMinute',
  'tokensPerMinute',
  'inputTokensPerMinute',
  'outputTokensPerMinute',
  'concurrency',
  'burstSeconds',
]

/** Reads `headersMs=50,jitterMs=10`. */
export function parseLatency(text: string): Latency {
  return parseNumbers('latency', text, LATENCIES)
}

/** Reads `requestsPerMinute=60,concurrency=5`. */
export function parseLimit(text: string): SimulatorLimit {
  return parseNumbers('limit', text, LIMITS)
}

function parseNumbers(flag: string, text: string, known: readonly string[]): Record<string, number> {
  const parts = text.split(',').map((part): [string, number] => {
    const [name = '', value = '', ...rest] = part.split('=')
    if (!known.includes(name) || rest.length > 0) {
      throw badArgument(`--${flag} takes ${known.join(', ')} as name=number; got "${part}"`)
    }
    return [name, numberOf(`${flag} ${name}`, value)]
  })
  return Object.fromEntries(parts)
}

/** The faults that a name alone describes. */
const FAULTS: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  ['hang', { kind: 'hang' }],
  ['reset', { kind: 'reset' }],
  ['hang-after-headers', { kind: 'hang-after-headers' }],
  ['stall', { kind: 'stall', afterChunks: 1 }],
  ['cut', { kind: 'cut', afterChunks: 1, by: 'end' }],
  ['cut-fin', { kind: 'cut', afterChunks: 1, by: 'fin' }],
  ['cut-rst', { kind: 'cut', afterChunks: 1, by: 'rst' }],
  ['error-event', { kind: 'error-event', afterChunks: 1 }],
  ['missing-done', { kind: 'missing-done' }],
  ['missing-usage', { kind: 'missing-usage' }],
  ['zero-usage', { kind: 'zero-usage' }],
  ['malformed-chunk', { kind: 'malformed-chunk', at: 0 }],
  ['duplicate-chunk', { kind: 'duplicate-chunk', at: 0 }],
  ['big-chunk', { kind: 'big-chunk', at: 0 }],
  ['split-bytes', { kind: 'split-bytes' }],
  ['wrong-content-type', { kind: 'wrong-content-type' }],
])

/** Reads `503=0.02` or `cut-rst=0.01`. */
export function parseFault(text: string): SimulatorFault {
  const [name = '', share = '1', ...rest] = text.split('=')
  const chance = numberOf(`fault ${name}`, share)
  const fault = /^[45]\d\d$/.test(name) ? ({ kind: 'refuse', status: Number(name) } as const) : FAULTS.get(name)
  if (fault === undefined || rest.length > 0 || chance < 0 || chance > 1) {
    throw badArgument(
      `--fault takes a status or one of ${[...FAULTS.keys()].join(', ')}, and a share like =0.05; got "${text}"`,
    )
  }
  return { fault, chance }
}

function numberOf(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw badArgument(`--${name} takes a number; got "${text}"`)
  return value
}

/** An argument that makes no sense. */
export function badArgument(message: string, cause?: unknown): SimulatorError {
  return new SimulatorError('simulator.bad_option', message, { cause })
}
