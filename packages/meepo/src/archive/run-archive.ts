import { MeepoError } from '@meepo/core'
import type { Engine, Machine, RunHandle, RunId, Store } from '@meepo/core'
import type { Archive, Checkpoints, Pasted, ResumeOptions } from '@meepo/core/archive'

/** Runs outside of the store. */
export interface RunArchive {
  /** A run with everything below it as portable text: logs, values, costs. It may be going on; this is a moment of it. */
  export(runId: RunId): Promise<string>
  /**
   * Puts an exported run into this store under its own id. One that has not ended is queued: resume it, or let an engine that
   * knows its definition take it. Rejects with `archive.conflict`, `archive.newer`, `archive.tampered` and
   * `archive.unknown_form`, and has changed nothing then.
   */
  import(text: string): Promise<Pasted & { readonly runId: RunId }>
  /** Exports a run into the archive. */
  put(runId: RunId): Promise<void>
  /** Imports a run from the archive; `archive.not_found` where it is not. */
  get(runId: RunId): Promise<Pasted & { readonly runId: RunId }>
  /** The runs in the archive. */
  list(): Promise<readonly RunId[]>
  /** Removes a run from the archive. */
  delete(runId: RunId): Promise<void>
}

/** {@link Checkpoints} with an engine that drives what goes on from them. */
export interface MeepoCheckpoints extends Omit<Checkpoints, 'fork'> {
  /**
   * Lets a new run go on from a checkpoint, and leaves the other one as it is. Rejects with `checkpoint.not_found`, and with
   * `checkpoint.would_repeat` where the run has done something to the world since, unless `mayRepeat`.
   */
  resume(id: string, options?: ResumeOptions): Promise<RunHandle>
}

/** What both work on. */
export interface ArchiveParts {
  readonly store: Store
  readonly engine: Engine
  readonly machine: Machine
  readonly archive: () => Promise<Archive>
}

const folder = 'runs'

/** Loaded late: most processes never need it. */
const load = () => import('@meepo/core/archive')

/** Opens the archive side of a store. */
export function openRunArchive({ store, machine, archive }: ArchiveParts): RunArchive {
  const exportRun = async (runId: RunId): Promise<string> => {
    const { copyTree, runForm, writeDocument } = await load()
    const tree = await copyTree(store, 'system', runId)
    return writeDocument(machine.hash, { form: runForm, facts: { at: machine.scheduler.now() }, tree })
  }
  const importRun = async (text: string): Promise<Pasted & { runId: RunId }> => {
    const { pasteTree, readDocument, runForm } = await load()
    const { form, tree } = readDocument(machine.hash, text)
    const [root] = tree.runs
    if (form !== runForm || !root) {
      throw new MeepoError('archive.unknown_form', 'this is a checkpoint: go on from it with `resume --from`')
    }
    return { runId: root.runId, ...(await pasteTree(store, machine, 'system', tree)) }
  }
  const nameOf = async (runId: RunId): Promise<string> => (await load()).archiveName(folder, runId)
  return {
    export: exportRun,
    import: importRun,
    put: async (runId) => {
      await (await archive()).put(await nameOf(runId), await exportRun(runId))
    },
    get: async (runId) => importRun(await (await archive()).get(await nameOf(runId))),
    list: async () => {
      const { lastPart } = await load()
      const found = await Array.fromAsync((await archive()).list(`${folder}/`))
      return found.map(({ name }) => lastPart(name))
    },
    delete: async (runId) => (await archive()).delete(await nameOf(runId)),
  }
}

/** Opens the checkpoints of a store. */
export function openCheckpoints({ store, engine, machine, archive }: ArchiveParts): MeepoCheckpoints {
  let opened: Promise<Checkpoints> | undefined
  const inner = (): Promise<Checkpoints> =>
    (opened ??= load().then(({ createCheckpoints }) => createCheckpoints({ store, machine, archive })))
  return {
    list: async (runId) => (await inner()).list(runId),
    last: async (runId) => (await inner()).last(runId),
    held: async () => (await inner()).held(),
    show: async (id) => (await inner()).show(id),
    hold: async (id, options) => (await inner()).hold(id, options),
    delete: async (id) => (await inner()).delete(id),
    async *follow(runId, options) {
      yield* (await inner()).follow(runId, options)
    },
    resume: async (id, options) => goOn(engine, await (await inner()).fork(id, options)),
  }
}

/** Engines that were waiting for work may have driven it to its end by now. */
async function goOn(engine: Engine, runId: RunId): Promise<RunHandle> {
  try {
    return await engine.resume(runId)
  } catch (thrown) {
    if (MeepoError.is(thrown) && thrown.code === 'run.not_resumable') return engine.handle(runId)
    throw thrown
  }
}
