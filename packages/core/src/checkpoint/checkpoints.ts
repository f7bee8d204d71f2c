import { archiveName, lastPart, type Archive } from '../archive/archive.ts'
import { createdOf } from '../archive/copy-tree.ts'
import { checkpointForm, readDocument, writeDocument } from '../archive/run-document.ts'
import { MeepoError } from '../base/errors.ts'
import type { RunId, Scope } from '../base/ids.ts'
import type { Json } from '../base/json.ts'
import type { Machine } from '../base/ports.ts'
import type { LogEvent } from '../log/events.ts'
import { blobsOf, foldRecord } from '../run/record-fold.ts'
import type { RunRecord } from '../run/record.ts'
import type { Store } from '../store/store.ts'
import { parseCheckpointId, type Checkpoint, type HeldNote } from './checkpoint.ts'
import { CheckpointFold, foldCheckpoints } from './fold.ts'
import { forkRun, refuseRepeats, type ForkOptions, type Prefix } from './fork.ts'

/** What is said about a checkpoint when it is held. */
export interface HoldOptions {
  readonly name?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** How a run goes on from a checkpoint. */
export interface ResumeOptions extends ForkOptions {
  /** What the run has done to the world since may happen again. Without, that is refused. */
  readonly mayRepeat?: boolean
}

/** A checkpoint with what the run had come to. */
export interface CheckpointView {
  readonly checkpoint: Checkpoint
  readonly record: RunRecord
}

/** The checkpoints of a store, and those that are held in an archive. */
export interface Checkpoints {
  /** All of a run, in their order. Of a run that is gone from the store, those that are held; else `run.not_found`. */
  list(runId: RunId): Promise<readonly Checkpoint[]>
  /** The last one of a run; undefined for one that never began. */
  last(runId: RunId): Promise<Checkpoint | undefined>
  /** All that are held, by run and place. */
  held(): Promise<readonly Checkpoint[]>
  /** `checkpoint.not_found` where there is none. */
  show(id: string): Promise<CheckpointView>
  /**
   * Puts a copy into the archive, which stays when the run is removed. Holding one again replaces what was said about it.
   * Durable when it resolves.
   */
  hold(id: string, options?: HoldOptions): Promise<Checkpoint>
  /** Removes the copy. `checkpoint.not_found` for one that is not held: it is part of its run, and goes with that. */
  delete(id: string): Promise<void>
  /** Checkpoints behind `afterSeq`, then new ones as they become durable, until the run has ended. */
  follow(runId: RunId, options?: { afterSeq?: number; signal?: AbortSignal }): AsyncIterable<Checkpoint>
  /**
   * Makes a new run that goes on from there, and leaves the other one as it is. It is queued when this resolves. Rejects with
   * `checkpoint.not_found`, and with `checkpoint.would_repeat` unless `mayRepeat`.
   */
  fork(id: string, options?: ResumeOptions): Promise<RunId>
}

/** What checkpoints work on. */
export interface CheckpointsOptions {
  readonly store: Store
  readonly machine: Machine
  /** Asked for when something is held, or looked for there. */
  readonly archive: () => Promise<Archive>
  /** Everything unless said. */
  readonly scope?: Scope
}

const folder = 'checkpoints'

/** Opens the checkpoints of a store. */
export function createCheckpoints(options: CheckpointsOptions): Checkpoints {
  return new StoreCheckpoints(options)
}

class StoreCheckpoints implements Checkpoints {
  readonly #store: Store
  readonly #machine: Machine
  readonly #archive: () => Promise<Archive>
  readonly #scope: Scope

  constructor({ store, machine, archive, scope = 'system' }: CheckpointsOptions) {
    this.#store = store
    this.#machine = machine
    this.#archive = archive
    this.#scope = scope
  }

  async list(runId: RunId): Promise<readonly Checkpoint[]> {
    const held = await this.#heldOf(runId)
    const events = await this.#log(runId)
    if (!events && held.size === 0) throw new MeepoError('run.not_found', `there is no run ${runId}`)
    const points = new Map(foldCheckpoints(runId, events ?? []).map((point) => [point.seq, point]))
    for (const [seq, point] of held) points.set(seq, point)
    return [...points.values()].toSorted((a, b) => a.seq - b.seq)
  }

  async last(runId: RunId): Promise<Checkpoint | undefined> {
    return foldCheckpoints(runId, await this.#store.log.read(this.#scope, runId)).at(-1)
  }

  async held(): Promise<readonly Checkpoint[]> {
    const found: Checkpoint[] = []
    for await (const { name } of (await this.#archive()).list(`${folder}/`)) {
      const held = await this.#readHeld(name)
      if (held) found.push(held.checkpoint)
    }
    return found
  }

  async show(id: string): Promise<CheckpointView> {
    const { checkpoint, prefix } = await this.#find(id)
    const values = new Map([...prefix.blobs].map(([blob, text]) => [blob, JSON.parse(text) as Json]))
    return { checkpoint, record: foldRecord(prefix.runId, prefix.events, values) }
  }

  async hold(id: string, options: HoldOptions = {}): Promise<Checkpoint> {
    const { checkpoint, prefix } = await this.#find(id)
    const at = this.#machine.scheduler.now()
    const held: HeldNote = { ...options, heldAt: at }
    const { runId, isWorkflow, events, blobs } = prefix
    const copy = { runId, isWorkflow, events, pending: [], ledger: [], reservations: [], account: { settled: '0' } }
    const tree = { tenant: createdOf(events).data.tenant, runs: [copy], blobs }
    const facts = { at, note: { ...checkpoint, held } }
    const text = writeDocument(this.#machine.hash, { form: checkpointForm, facts, tree })
    await (await this.#archive()).put(nameOf(runId, prefix.seq), text)
    return { ...checkpoint, held }
  }

  async delete(id: string): Promise<void> {
    const { runId, seq } = parseCheckpointId(id)
    const name = nameOf(runId, seq)
    if (!(await this.#readHeld(name))) throw new MeepoError('checkpoint.not_found', `${id} is not held`)
    await (await this.#archive()).delete(name)
  }

  async *follow(
    runId: RunId,
    { afterSeq = 0, signal }: { afterSeq?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<Checkpoint, void, undefined> {
    const fold = new CheckpointFold(runId)
    for await (const event of this.#store.log.follow(this.#scope, runId, signal ? { signal } : {})) {
      for (const point of fold.read(event)) if (point.seq > afterSeq) yield point
    }
  }

  async fork(id: string, { mayRepeat = false, ...options }: ResumeOptions = {}): Promise<RunId> {
    const { prefix } = await this.#find(id)
    const { runId, seq } = prefix
    // Of a run that is gone nobody knows what it did later.
    if (!mayRepeat) refuseRepeats(runId, (await this.#log(runId)) ?? prefix.events, seq)
    return forkRun(this.#store, this.#machine, prefix, options)
  }

  /** From the log as long as there is one, else from the archive. */
  async #find(id: string): Promise<{ readonly checkpoint: Checkpoint; readonly prefix: Prefix }> {
    const { runId, seq } = parseCheckpointId(id)
    const found = await this.#inLog(runId, seq)
    const held = await this.#readHeld(nameOf(runId, seq))
    if (found && held) return { ...found, checkpoint: held.checkpoint }
    const either = found ?? held
    if (either) return either
    throw new MeepoError('checkpoint.not_found', `there is no checkpoint ${id}`, { details: { id } })
  }

  async #inLog(runId: RunId, seq: number): Promise<{ checkpoint: Checkpoint; prefix: Prefix } | undefined> {
    const log = await this.#log(runId)
    const checkpoint = log && foldCheckpoints(runId, log).find((point) => point.seq === seq)
    if (!checkpoint) return undefined
    const events = log.slice(0, seq)
    const { isWorkflow, tenant } = await this.#store.log.run(this.#scope, runId)
    const blobs = new Map<string, string>()
    for (const blob of blobsOf(events)) blobs.set(blob, await this.#store.blobs.get({ tenant }, blob))
    return { checkpoint, prefix: { runId, seq, isWorkflow: isWorkflow === true, events, blobs } }
  }

  async #log(runId: RunId): Promise<readonly LogEvent[] | undefined> {
    try {
      return await this.#store.log.read(this.#scope, runId)
    } catch (thrown) {
      if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return undefined
      throw thrown
    }
  }

  async #heldOf(runId: RunId): Promise<ReadonlyMap<number, Checkpoint>> {
    const found = new Map<number, Checkpoint>()
    for await (const { name } of (await this.#archive()).list(`${archiveName(folder, runId)}/`)) {
      const held = await this.#readHeld(name)
      if (held) found.set(held.checkpoint.seq, held.checkpoint)
    }
    return found
  }

  async #readHeld(name: string): Promise<{ checkpoint: Checkpoint; prefix: Prefix } | undefined> {
    let text: string
    try {
      text = await (await this.#archive()).get(name)
    } catch (thrown) {
      if (MeepoError.is(thrown) && thrown.code === 'archive.not_found') return undefined
      throw thrown
    }
    const { tree, facts } = readDocument(this.#machine.hash, text)
    const [run] = tree.runs
    if (!run || (this.#scope !== 'system' && this.#scope.tenant !== tree.tenant)) return undefined
    // The head was written from this type, and its digest holds.
    const checkpoint = facts.note as unknown as Checkpoint
    const { runId, isWorkflow, events } = run
    return { checkpoint, prefix: { runId, seq: Number(lastPart(name)), isWorkflow, events, blobs: tree.blobs } }
  }
}

function nameOf(runId: RunId, seq: number): string {
  // Names sort as text.
  return archiveName(folder, runId, String(seq).padStart(10, '0'))
}
