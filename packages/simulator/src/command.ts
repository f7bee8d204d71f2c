import { parseArgs } from 'node:util'

import { reasonOf } from './failure.ts'
import { badArgument, readFlags } from './flags.ts'
import type { SimulatorFlags } from './flags.ts'
import { createSimulator } from './server.ts'
import type { Simulator } from './server.ts'

/** What `--help` prints. */
export const USAGE: string = `usage: main.ts [options]
  --script FILE        module that exports the script as \`script\` or as default, or JSON with a list of rules;
                       else answers are made from the seed
  --options FILE       JSON with options: rules, faults, limits, prices, providers, apiKeys …; other arguments win
  --port N             port to listen on; 0, the default, takes a free one
  --host NAME          default 127.0.0.1
  --seed N             default 1
  --latency LIST       e.g. headersMs=50,firstChunkMs=20,perChunkMs=5,jitterMs=200
  --fault NAME=SHARE   e.g. 503=0.02 or cut-rst=0.01; may be repeated
  --limit LIST         e.g. requestsPerMinute=60,tokensPerMinute=10000,concurrency=5
  --chunk-size N       characters in a chunk of a stream, default 20
  --journal FILE       append the journal to this file as JSON lines
  --journal-limit N    entries kept in memory, default all
  --api-key KEY        accept this key only; may be repeated
  --model NAME         only this model exists; may be repeated
Prints one JSON line { "url": … } when it listens. Ends on SIGTERM, SIGINT, or when a stdin that is a pipe is closed.`

/** Starts the simulator that the arguments describe; `undefined` when they ask for help. */
export async function startFromArguments(args: readonly string[]): Promise<Simulator | undefined> {
  const { help, 'chunk-size': chunkSize, 'journal-limit': journalLimit, 'api-key': apiKey, ...rest } = parse(args)
  if (help === true) return undefined
  return startFromFlags({
    ...rest,
    ...(chunkSize !== undefined && { chunkSize }),
    ...(journalLimit !== undefined && { journalLimit }),
    ...(apiKey !== undefined && { apiKey }),
  })
}

/**
 * Starts the simulator that flags of a command line describe.
 *
 * Throws what `createSimulator` throws, and `simulator.script_unreadable` for a file that cannot be used.
 */
export async function startFromFlags(flags: SimulatorFlags): Promise<Simulator> {
  return createSimulator(await readFlags(flags))
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const
    const many = { type: 'string', multiple: true } as const
    return parseArgs({
      args: [...args],
      options: {
        script: text,
        options: text,
        port: text,
        host: text,
        seed: text,
        latency: text,
        fault: many,
        limit: text,
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
