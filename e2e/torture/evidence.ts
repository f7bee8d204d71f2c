import { appendFileSync, closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Effect, RunId } from '@meepo/core'

/*
 * What a worker leaves behind for the audit, beside the log and never made from it. Every line is handed to the
 * operating system before the worker goes on, so a SIGKILL takes none of them.
 */

const effectFiles = 256

/** What happened in the body of a step. `effect` is the effect itself: it is written down when the body goes on. */
export interface BodyLine {
  readonly phase: 'begin' | 'effect' | 'end'
  readonly at: number
  readonly worker: number
  readonly runId: RunId
  /** What the business calls the operation: never chosen by the engine. */
  readonly operation: string
  readonly key: string
  readonly attempt: string
  readonly effect: Effect
  readonly args?: string
}

/** What a worker was told by its store, in the order in which it was told. */
export type StoreLine =
  | { readonly kind: 'joined'; readonly at: number; readonly worker: number; readonly engine: string }
  | {
      readonly kind: 'created'
      readonly at: number
      readonly calledAt: number
      readonly worker: number
      readonly runId: RunId
      readonly owned: boolean
      readonly events: number
    }
  | {
      readonly kind: 'appended'
      readonly at: number
      readonly calledAt: number
      readonly worker: number
      readonly runId: RunId
      readonly afterSeq: number
      readonly types: readonly string[]
    }
  | {
      readonly kind: 'refused'
      readonly at: number
      readonly worker: number
      readonly runId: RunId
      readonly code: string
    }
  | {
      readonly kind: 'claimed'
      readonly at: number
      readonly calledAt: number
      readonly worker: number
      readonly runId: RunId
    }
  | {
      readonly kind: 'took over'
      readonly at: number
      readonly worker: number
      readonly engine: string
      readonly runs: number
    }
  | {
      readonly kind: 'delivered'
      readonly at: number
      readonly worker: number
      readonly runId: RunId
      readonly id: string
      readonly mail: string
    }
  | {
      /** A drive that the cluster took from this worker. */
      readonly kind: 'sent'
      readonly at: number
      readonly calledAt: number
      readonly worker: number
      readonly node: number
    }
  | {
      readonly kind: 'unsent'
      readonly at: number
      readonly calledAt: number
      readonly worker: number
      readonly node: number
      readonly runId: RunId
      readonly code: string
    }
  | { readonly kind: 'killed'; readonly at: number; readonly worker: number; readonly point: string }

/** Appends lines to one file. */
export interface LineFile {
  write(line: object): void
  close(): void
}

export function openLines(path: string): LineFile {
  const file = openSync(path, 'a')
  return {
    write: (line) => void writeSync(file, `${JSON.stringify(line)}\n`),
    close: () => closeSync(file),
  }
}

export function bodyFile(folder: string, worker: number): string {
  return join(folder, `bodies-${worker}.jsonl`)
}

export function storeFile(folder: string, worker: number): string {
  return join(folder, `store-${worker}.jsonl`)
}

/** Where the effect under a key is: whoever asks whether it happened reads one small file of many. */
function effectFile(folder: string, key: string): string {
  return join(folder, `effects-${crc32(key) % effectFiles}.jsonl`)
}

/** Writes down an effect, where every worker finds it. On a line of its own: the one before may have been cut by a kill. */
export function writeEffect(folder: string, line: BodyLine): void {
  appendFileSync(effectFile(folder, line.key), `\n${JSON.stringify(line)}`)
}

/** All lines of all workers, in no order across workers. */
export function readBodies(folder: string): readonly BodyLine[] {
  // Our own workers wrote these files.
  return [...readAll(folder, 'bodies-'), ...readAll(folder, 'effects-')] as readonly BodyLine[]
}

export function readStoreLines(folder: string): readonly StoreLine[] {
  // Our own workers wrote these files.
  return readAll(folder, 'store-') as readonly StoreLine[]
}

/** Whole lines only: a kill may cut one, wherever a page of the file ends. What it says has not happened. */
export function readLines(path: string): readonly unknown[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line.endsWith('}')).map((line): unknown => JSON.parse(line))
}

/** Bodies that began in this worker and did not end: what a kill cut off. */
export function openBodies(folder: string, worker: number): number {
  const open = new Set<string>()
  // Our own workers wrote these files.
  for (const line of readLines(bodyFile(folder, worker)) as readonly BodyLine[]) {
    if (line.phase === 'begin') open.add(line.attempt)
    else if (line.phase === 'end') open.delete(line.attempt)
  }
  return open.size
}

/** Whether a worker that is gone was told that a delivery is durable. */
export function hasDelivered(folder: string, worker: number, id: string): boolean {
  // Our own workers wrote these files.
  const lines = readLines(storeFile(folder, worker)) as readonly StoreLine[]
  return lines.some((line) => line.kind === 'delivered' && line.id === id)
}

/** The effect that was made under a key, whoever made it. */
export function findEffect(folder: string, key: string): BodyLine | undefined {
  // Our own workers wrote this file.
  const lines = readLines(effectFile(folder, key)) as readonly BodyLine[]
  return lines.find((line) => line.key === key)
}

/** While it exists a stalled worker may still come back: nobody can say that an effect will not happen. */
export function stallMark(folder: string): string {
  return join(folder, 'stalled')
}

function readAll(folder: string, prefix: string): readonly unknown[] {
  const names = readdirSync(folder).filter((name) => name.startsWith(prefix))
  return names.flatMap((name) => readLines(join(folder, name)))
}
