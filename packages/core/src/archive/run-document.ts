import { MeepoError } from '../base/errors.ts'
import type { Hash } from '../base/ports.ts'
import { decodeEvent, encodedType, eventVersions, type EventVersions, type RawEvent } from '../log/versions.ts'
import type { LogEvent } from '../log/events.ts'
import { readLines, writeLines, type DocumentHead, type DocumentPart } from './document-lines.ts'
import type { RunCopy, TreeCopy } from './run-copy.ts'

/** The form of a run with everything below it. */
export const runForm = 'meepo-run'
/** The form of a checkpoint: the log of one run up to there. */
export const checkpointForm = 'meepo-checkpoint'
const newest = 1

/** Events of one part. */
const eventsPerPart = 500

/** What stands at the head of a document besides its form. */
export interface DocumentFacts {
  /** When it was written, milliseconds since 1970. */
  readonly at: number
  /** For checkpoints: what was said about it. */
  readonly note?: { readonly [field: string]: unknown }
}

/** A document that was read and checked. */
export interface RunDocument {
  readonly form: typeof runForm | typeof checkpointForm
  readonly facts: DocumentFacts
  readonly tree: TreeCopy
}

/** Writes a copy of runs as portable text; see `document-lines.ts` for its form. */
export function writeDocument(hash: Hash, { form, facts, tree }: RunDocument): string {
  return writeLines(hash, { form, version: newest, tenant: tree.tenant, ...facts }, partsOf(tree))
}

function* partsOf({ runs, blobs }: TreeCopy): Generator<DocumentPart> {
  for (const { runId, events, ...rest } of runs) {
    yield { part: 'run', body: { runId, ...rest, lastSeq: events.length } }
    for (let from = 0; from < events.length; from += eventsPerPart) {
      const some = events.slice(from, from + eventsPerPart)
      yield {
        part: 'events',
        body: { runId, events: some.map((event) => ({ ...event, type: encodedType(event.type) })) },
      }
    }
  }
  for (const [id, text] of blobs) yield { part: 'blob', body: { id, text } }
}

/**
 * Reads what {@link writeDocument} wrote, in this or an older release: events are lifted to their newest versions. Throws
 * `archive.unknown_form`, `archive.newer` (also for events that this release does not know) and `archive.tampered`.
 */
export function readDocument(hash: Hash, text: string, versions: EventVersions = eventVersions): RunDocument {
  const { head, parts } = readLines(hash, text, [runForm, checkpointForm], newest)
  const runs = new Map<string, Omit<RunCopy, 'events'> & { events: LogEvent[]; readonly lastSeq: number }>()
  const blobs = new Map<string, string>()
  for (const { part, body } of parts) {
    // The digest says that these bodies are what a release of this code wrote.
    if (part === 'run') {
      const run = body as Omit<RunCopy, 'events'> & { readonly lastSeq: number }
      runs.set(run.runId, { ...run, events: [] })
    } else if (part === 'events') {
      const { runId, events } = body as { readonly runId: string; readonly events: readonly RawEvent[] }
      runs.get(runId)?.events.push(...events.map((event) => decode(event, versions)))
    } else if (part === 'blob') {
      const { id, text: value } = body as { readonly id: string; readonly text: string }
      if (hash(value) !== id) throw new MeepoError('archive.tampered', `the value ${id} was changed`)
      blobs.set(id, value)
    }
  }
  const copies = [...runs.values()].map(({ lastSeq, ...run }) => {
    if (run.events.length === lastSeq && run.events.every(({ seq }, index) => seq === index + 1)) return run
    throw new MeepoError('archive.tampered', `the log of ${run.runId} has gaps`)
  })
  return { form: formOf(head), facts: factsOf(head), tree: { tenant: String(head.tenant), runs: copies, blobs } }
}

function decode(event: RawEvent, versions: EventVersions): LogEvent {
  try {
    return decodeEvent(event, versions)
  } catch (cause) {
    if (!MeepoError.is(cause) || cause.code !== 'log.unknown_event') throw cause
    throw new MeepoError('archive.newer', cause.message, { cause })
  }
}

function formOf({ form }: DocumentHead): RunDocument['form'] {
  return form === checkpointForm ? checkpointForm : runForm
}

function factsOf({ at, note }: DocumentHead): DocumentFacts {
  const facts = { at: Number(at) }
  // Written from this type.
  return typeof note === 'object' && note !== null ? { ...facts, note: note as { [field: string]: unknown } } : facts
}
