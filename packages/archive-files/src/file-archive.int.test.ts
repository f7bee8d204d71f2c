import type { Archive } from '@meepo/core/archive'
import { archiveCases, type ArchiveCaseContext } from '@meepo/core/testing'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openFileArchive } from './file-archive.ts'

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-archive-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'archive')
}

function contextOf(path: string): ArchiveCaseContext {
  const open = (): Promise<Archive> => Promise.resolve(openFileArchive({ path }))
  const fileOf = (name: string): string => join(path, ...name.split('/'))
  return {
    open,
    openAgain: open,
    damage: async (name, change) => writeFileSync(fileOf(name), change(readFileSync(fileOf(name), 'utf8'))),
    tear: async (name, text) => {
      mkdirSync(dirname(fileOf(name)), { recursive: true })
      writeFileSync(join(dirname(fileOf(name)), '.torn-1'), text)
    },
  }
}

describe('a folder as an archive', () => {
  test.each(archiveCases)('$name', (one) => one.run(contextOf(newFolder())))

  test('what was left by a process that died is removed a day later', async () => {
    const path = newFolder()
    const { tear } = contextOf(path)
    const archive = openFileArchive({ path })
    await tear('a', 'half')
    await archive.put('b', 'whole')
    expect(readdirSync(path)).toContain('.torn-1')
    utimesSync(join(path, '.torn-1'), 0, 0)
    await archive.put('c', 'whole')
    expect(readdirSync(path)).toEqual(['b', 'c'])
  })

  test('a folder that cannot be used is told with the reason', async () => {
    const path = newFolder()
    writeFileSync(path, 'a file where the folder should be')
    const archive = openFileArchive({ path })
    await expect(archive.put('a', 'x')).rejects.toMatchObject({ code: 'archive.failed', retryable: false })
    await expect(Array.fromAsync(archive.list(''))).rejects.toMatchObject({ code: 'archive.failed' })
    await archive.close()
    chmodSync(path, 0o600)
  })
})
