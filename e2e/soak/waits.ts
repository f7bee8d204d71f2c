import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LimitedCall, Limiter, Permit } from '@meepo/core'

/** What a worker notes of a call that asks the limits: that it asks, and how it ended. */
type Note =
  | {
      readonly kind: 'asked'
      readonly at: number
      readonly id: string
      readonly tenant: string
      readonly tokens: number
    }
  | { readonly kind: 'granted'; readonly at: number; readonly id: string; readonly waitedMs: number }
  | { readonly kind: 'gone'; readonly at: number; readonly id: string }

/** One call at the limits, from the question to the answer. */
export interface Wait {
  readonly id: string
  readonly tenant: string
  /** What it reserved. */
  readonly tokens: number
  /** Milliseconds since 1970. */
  readonly from: number
  readonly until: number
  readonly isGranted: boolean
  /** It did not get its permit at once. */
  readonly isQueued: boolean
}

const prefix = 'waits-'

/** Notes when each call asks and is answered. Written at once, so that it is there when the worker is killed. */
export function noteWaits(limiter: Limiter, folder: string, worker: number): Limiter {
  const file = join(folder, `${prefix}${worker}.jsonl`)
  const note = (line: Note): void => appendFileSync(file, `${JSON.stringify(line)}\n`)
  const acquire = async (call: LimitedCall): Promise<Permit> => {
    const { id, tenant, estimate } = call
    note({ kind: 'asked', at: Date.now(), id, tenant, tokens: estimate.inputTokens + estimate.outputTokens })
    try {
      const permit = await limiter.acquire(call)
      note({ kind: 'granted', at: Date.now(), id, waitedMs: permit.waitedMs })
      return permit
    } catch (error) {
      note({ kind: 'gone', at: Date.now(), id })
      throw error
    }
  }
  return { acquire, inspect: () => limiter.inspect(), close: () => limiter.close() }
}

/** What all workers noted. Calls of a killed one end with its last line. */
export function readWaits(folder: string): readonly Wait[] {
  const files = readdirSync(folder).filter((name) => name.startsWith(prefix))
  return files.flatMap((name) => toWaits(readNotes(join(folder, name))))
}

function readNotes(file: string): readonly Note[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  // Written above.
  return lines.map((line) => JSON.parse(line) as Note)
}

function toWaits(notes: readonly Note[]): readonly Wait[] {
  const last = notes.at(-1)?.at ?? 0
  const ends = new Map(notes.flatMap((note) => (note.kind === 'asked' ? [] : [[note.id, note] as const])))
  return notes.flatMap((note) => {
    if (note.kind !== 'asked') return []
    const end = ends.get(note.id)
    const isGranted = end?.kind === 'granted'
    const { id, tenant, tokens, at: from } = note
    return [{ id, tenant, tokens, from, until: end?.at ?? last, isGranted, isQueued: !isGranted || end.waitedMs > 0 }]
  })
}
