import { checkArchiveName, MeepoError, seal, unseal } from '@meepo/core/archive'
import type { Archive, ArchiveCall, ArchiveEntry, PutOptions } from '@meepo/core/archive'
import { hash, randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** How an archive is opened. */
export interface FileArchiveOptions {
  /** The folder. It is made with the first put. */
  readonly path: string
}

/** What a write is called until it is whole. No name of an object begins with a dot. */
const torn = '.torn-'

/**
 * An archive in a folder, a file an object. A file is written beside its place, made durable, and then moved there in one
 * step, so that no reader ever sees half of it; what a process left behind that died in the middle is seen by nobody and
 * removed with the next put there, once it is a day old.
 *
 * @example
 * const archive = openFileArchive({ path: '.meepo/archive' })
 */
export function openFileArchive({ path }: FileArchiveOptions): Archive {
  const fileOf = (name: string): string => {
    checkArchiveName(name)
    return join(path, ...name.split('/'))
  }
  return {
    put: (name, text, options = {}) => attempt(name, options, () => put(fileOf(name), seal(digest, text), options)),
    get: (name, options = {}) =>
      attempt(name, options, async () => unseal(digest, name, await readFile(fileOf(name), 'utf8'))),
    async *list(prefix, options = {}) {
      const names = await attempt(prefix, options, () => namesIn(path, ''))
      for (const name of names.filter((one) => one.startsWith(prefix)).toSorted(byCodePoint)) {
        const entry = await attempt(name, options, () => entryOf(path, name))
        if (entry) yield entry
      }
    },
    delete: (name, options = {}) => attempt(name, options, () => rm(fileOf(name), { force: true })),
    close: () => Promise.resolve(),
  }
}

function digest(text: string): string {
  return hash('sha256', text)
}

async function put(file: string, sealed: string, { ifAbsent = false }: PutOptions): Promise<'written' | 'exists'> {
  const folder = dirname(file)
  await mkdir(folder, { recursive: true })
  const draft = join(folder, `${torn}${randomUUID()}`)
  try {
    await writeDurably(draft, sealed)
    if (ifAbsent) await link(draft, file)
    else await rename(draft, file)
  } catch (thrown) {
    if (ifAbsent && codeOf(thrown) === 'EEXIST') return 'exists'
    throw thrown
  } finally {
    await rm(draft, { force: true })
  }
  await syncFolder(folder)
  await removeTorn(folder)
  return 'written'
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The name of a new file is durable with its folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const dayMs = 86_400_000

async function removeTorn(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(torn)) continue
    const file = join(folder, name)
    // Another process may be writing it, or have removed it just now.
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }))
    if (mtimeMs < Date.now() - dayMs) await rm(file, { force: true })
  }
}

async function namesIn(path: string, prefix: string): Promise<readonly string[]> {
  const found = await readdir(join(path, prefix), { withFileTypes: true }).catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return []
    throw thrown
  })
  const names = found.map(async (entry) => {
    if (entry.name.startsWith('.')) return []
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    return entry.isDirectory() ? namesIn(path, name) : [name]
  })
  return (await Promise.all(names)).flat()
}

async function entryOf(path: string, name: string): Promise<ArchiveEntry | undefined> {
  try {
    const { size, mtimeMs } = await stat(join(path, name))
    return { name, bytes: size, at: mtimeMs }
  } catch (thrown) {
    // Deleted since the folder was read.
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw thrown
  }
}

async function attempt<T>(name: string, { signal }: ArchiveCall, work: () => Promise<T>): Promise<T> {
  try {
    signal?.throwIfAborted()
    return await work()
  } catch (cause) {
    if (MeepoError.is(cause)) throw cause
    const code = codeOf(cause)
    if (code === 'ENOENT') throw new MeepoError('archive.not_found', `the archive has no ${name}`, { cause })
    throw new MeepoError('archive.failed', `${name}: ${code}`, { cause, retryable: code === 'EMFILE' })
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : 1
}
