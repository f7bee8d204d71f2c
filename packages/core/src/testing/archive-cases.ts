import type { ErrorCode } from '../base/catalogue.ts'
import { archiveName, type Archive, type ArchiveEntry } from '../archive/archive.ts'
import { check, checkEqual, checkRejects } from './check.ts'

/** What a case is given. */
export interface ArchiveCaseContext {
  /** A new, empty archive. */
  open(): Promise<Archive>
  /** Another handle on the archive of `open`, as another process has it. */
  openAgain(): Promise<Archive>
  /** Changes what lies under a name, behind the back of the archive. */
  damage(name: string, change: (stored: string) => string): Promise<void>
  /** A write that never came to its end, as a process leaves it that was killed in the middle. */
  tear(name: string, text: string): Promise<void>
}

/** One behaviour that every archive shows. Fails by throwing; runs under any test runner. */
export interface ArchiveCase {
  readonly name: string
  run(context: ArchiveCaseContext): Promise<void>
}

async function listed(archive: Archive, prefix: string): Promise<readonly ArchiveEntry[]> {
  const found: ArchiveEntry[] = []
  for await (const entry of archive.list(prefix)) found.push(entry)
  return found
}

async function names(archive: Archive, prefix = ''): Promise<readonly string[]> {
  return (await listed(archive, prefix)).map(({ name }) => name)
}

function same(actual: unknown, expected: unknown): void {
  checkEqual(actual, expected, 'the archive')
}

async function refused(call: Promise<unknown>, code: ErrorCode): Promise<void> {
  await checkRejects(call, code, 'the archive')
}

/** Larger than what S3 takes in one part. */
const large = 'ä large object. '.repeat(700_000)

/** What every archive must show, as data: no test runner is imported. */
export const archiveCases: readonly ArchiveCase[] = [
  {
    name: 'what was put is got again, also by another handle',
    run: async ({ open, openAgain }) => {
      const archive = await open()
      same(await archive.put('runs/a', 'one\nö'), 'written')
      same(await archive.get('runs/a'), 'one\nö')
      same(await (await openAgain()).get('runs/a'), 'one\nö')
    },
  },
  {
    name: 'an empty object is an object',
    run: async ({ open }) => {
      const archive = await open()
      await archive.put('empty', '')
      same(await archive.get('empty'), '')
    },
  },
  {
    name: 'a large object comes back whole',
    run: async ({ open }) => {
      const archive = await open()
      await archive.put('large', large)
      check((await archive.get('large')) === large, 'the large object came back changed')
    },
  },
  {
    name: 'a second put replaces the first',
    run: async ({ open }) => {
      const archive = await open()
      await archive.put('a', 'one')
      same(await archive.put('a', 'two'), 'written')
      same(await archive.get('a'), 'two')
    },
  },
  {
    name: 'with ifAbsent the first put stays',
    run: async ({ open }) => {
      const archive = await open()
      same(await archive.put('a', 'one', { ifAbsent: true }), 'written')
      same(await archive.put('a', 'two', { ifAbsent: true }), 'exists')
      same(await archive.get('a'), 'one')
    },
  },
  {
    name: 'with ifAbsent one of many at a time writes',
    run: async ({ open, openAgain }) => {
      const [one, other] = [await open(), await openAgain()]
      const put = (index: number) => (index % 2 ? one : other).put('a', `text ${index}`, { ifAbsent: true })
      const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => put(index)))
      same(answers.filter((answer) => answer === 'written').length, 1)
      const index = answers.indexOf('written')
      same(await one.get('a'), `text ${index}`)
    },
  },
  {
    name: 'what is not there is not found',
    run: async ({ open }) => {
      const archive = await open()
      await refused(archive.get('a/b'), 'archive.not_found')
      await archive.delete('a/b')
      same(await names(archive), [])
    },
  },
  {
    name: 'what was deleted is gone, and its name is free',
    run: async ({ open }) => {
      const archive = await open()
      await archive.put('a/b', 'one')
      await archive.delete('a/b')
      await refused(archive.get('a/b'), 'archive.not_found')
      same(await archive.put('a/b', 'two', { ifAbsent: true }), 'written')
    },
  },
  {
    name: 'lists are by prefix, in order of the names',
    run: async ({ open }) => {
      const archive = await open()
      for (const name of ['runs/b', 'runs/a', 'checkpoints/a/2', 'checkpoints/a/10', 'checkpoints/ab/1']) {
        await archive.put(name, name)
      }
      same(await names(archive, 'runs/'), ['runs/a', 'runs/b'])
      same(await names(archive, 'checkpoints/a/'), ['checkpoints/a/10', 'checkpoints/a/2'])
      same(await names(archive, 'runs/a'), ['runs/a'])
      same((await names(archive)).length, 5)
      const [entry] = await listed(archive, 'runs/a')
      check(entry !== undefined && entry.bytes > 0 && entry.at > 1e12, 'an entry has a size and a time')
    },
  },
  {
    name: 'any id makes a name',
    run: async ({ open }) => {
      const archive = await open()
      const ids = ['order 42/ä', '..', '.', '%41', 'A', 'a@b:c', "x'(!)*~"]
      for (const id of ids) same(await archive.put(archiveName('runs', id), id, { ifAbsent: true }), 'written')
      for (const id of ids) same(await archive.get(archiveName('runs', id)), id)
      same((await names(archive, 'runs/')).length, ids.length)
    },
  },
  {
    name: 'a name that leads elsewhere is refused',
    run: async ({ open }) => {
      const archive = await open()
      for (const name of ['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'a b', 'a\\b', 'a'.repeat(1_000)]) {
        await refused(archive.put(name, 'x'), 'archive.invalid_name')
        await refused(archive.get(name), 'archive.invalid_name')
        await refused(archive.delete(name), 'archive.invalid_name')
      }
    },
  },
  {
    name: 'an object that was changed or cut is refused',
    run: async ({ open, damage }) => {
      const archive = await open()
      await archive.put('a', 'the text of an object')
      await damage('a', (stored) => stored.replace('object', 'abject'))
      await refused(archive.get('a'), 'archive.corrupt')
      await archive.put('a', 'the text of an object')
      await damage('a', (stored) => stored.slice(0, -3))
      await refused(archive.get('a'), 'archive.corrupt')
      await damage('a', () => '')
      await refused(archive.get('a'), 'archive.corrupt')
    },
  },
  {
    name: 'a write that was cut off is not there, and what was there before is',
    run: async ({ open, tear }) => {
      const archive = await open()
      await tear('fresh', 'half of someth')
      await refused(archive.get('fresh'), 'archive.not_found')
      same(await names(archive), [])
      await archive.put('old', 'whole')
      await tear('old', 'half of someth')
      same(await archive.get('old'), 'whole')
      same(await names(archive), ['old'])
    },
  },
  {
    name: 'who was told to stop stops',
    run: async ({ open }) => {
      const archive = await open()
      await archive.put('a', 'one')
      const signal = AbortSignal.abort()
      await refused(archive.get('a', { signal }), 'archive.failed')
      await refused(archive.put('b', 'x', { signal }), 'archive.failed')
      same(await names(archive), ['a'])
    },
  },
]
