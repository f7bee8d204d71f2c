import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

import { reasonOf, SimulatorError } from './failure.ts'
import type { Latency } from './latency.ts'
import type { SimulatorOptions } from './options.ts'
import type { SimulatorScript } from './script.ts'
import { createSimulator } from './server.ts'
import type { Simulator } from './server.ts'

/** What `--help` prints. */
export const USAGE: string = `usage: main.ts --script FILE [options]
  --script FILE        module that exports the script as \`script\` or as default
  --port N             port to listen on; 0, the default, takes a free one
  --host NAME          default 127.0.0.1
  --seed N             default 1
  --latency LIST       e.g. headersMs=50,firstChunkMs=20,perChunkMs=5,jitterMs=200
  --chunk-size N       characters in a chunk of a stream, default 20
  --journal FILE       append the journal to this file as JSON lines
  --journal-limit N    entries kept in memory, default all
  --api-key KEY        accept this key only; may be repeated
  --model NAME         only this model exists; may be repeated
Prints one JSON line { "url": … } when it listens. Ends on SIGTERM, SIGINT, or when a stdin that is a pipe is closed.`

/** Starts the simulator that the arguments describe; `undefined` when they ask for help. */
export async function startFromArguments(args: readonly string[]): Promise<Simulator | undefined> {
  const values = parse(args)
  if (values.help === true) return undefined
  if (values.script === undefined) throw badArgument('--script FILE is missing')
  const options: SimulatorOptions = {
    script: await loadScript(values.script),
    ...(values.port !== undefined && { port: numberOf('port', values.port) }),
    ...(values.host !== undefined && { host: values.host }),
    ...(values.seed !== undefined && { seed: numberOf('seed', values.seed) }),
    ...(values.latency !== undefined && { latency: parseLatency(values.latency) }),
    ...(values['chunk-size'] !== undefined && { chunkSize: numberOf('chunk-size', values['chunk-size']) }),
    ...(values.journal !== undefined && { journalFile: values.journal }),
    ...(values['journal-limit'] !== undefined && {
      journalLimit: numberOf('journal-limit', values['journal-limit']),
    }),
    ...(values['api-key'] !== undefined && { apiKeys: values['api-key'] }),
    ...(values.model !== undefined && { models: values.model }),
  }
  return createSimulator(options)
}

/** Imports a script module. Throws `simulator.script_unreadable` when that fails or when it exports no function. */
async function loadScript(file: string): Promise<SimulatorScript> {
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
  return found as SimulatorScript
}

/** Reads `headersMs=50,jitterMs=10`. */
export function parseLatency(text: string): Latency {
  const known = ['headersMs', 'firstChunkMs', 'perChunkMs', 'jitterMs']
  const parts = text.split(',').map((part): [string, number] => {
    const [name = '', value = '', ...rest] = part.split('=')
    if (!known.includes(name) || rest.length > 0) {
      throw badArgument(`--latency takes ${known.join(', ')} as name=milliseconds; got "${part}"`)
    }
    return [name, numberOf(`latency ${name}`, value)]
  })
  return Object.fromEntries(parts)
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const
    const many = { type: 'string', multiple: true } as const
    return parseArgs({
      args: [...args],
      options: {
        script: text,
        port: text,
        host: text,
        seed: text,
        latency: text,
        'chunk-size': text,
        journal: text,
        'journal-limit': text,
        'api-key': many,
        model: many,
        help: { type: 'boolean' },
      },
    }).values
  } catch (cause) {
    throw badArgument(reasonOf(cause), cause)
  }
}

function numberOf(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw badArgument(`--${name} takes a number; got "${text}"`)
  return value
}

function badArgument(message: string, cause?: unknown): SimulatorError {
  return new SimulatorError('simulator.bad_option', message, { cause })
}
