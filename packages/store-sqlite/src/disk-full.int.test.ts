import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const fixture = fileURLToPath(new URL('disk-full.fixture.ts', import.meta.url))
const mebibytes = 24

interface End {
  readonly seq: number
  readonly code?: string
}

interface Found {
  readonly filled: readonly End[]
  readonly kept: readonly number[]
  readonly again: readonly End[]
  readonly resumed: readonly End[]
  readonly grown: readonly number[]
  readonly integrity: unknown
  readonly rows: { readonly count: number }
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-full-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs the fixture behind a line of shell that sets its bound. */
function fill(folder: string, bound: 'disk' | 'limit', before: string, unshare: readonly string[] = []): Found {
  const line = `${before} && exec "$0" --conditions=meepo-source "$@"`
  const shell = ['sh', '-c', line, process.execPath, fixture, folder, bound]
  const [command = 'sh', ...args] = unshare.length === 0 ? shell : unshare.concat(shell)
  const output = execFileSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
  // What the fixture prints.
  return JSON.parse(output) as Found
}

/** How a disk can be mounted that nobody else sees: as root, or as one who is root among processes of its own. */
function findUnshare(): readonly string[] | undefined {
  const ways = [
    ['unshare', '-m'],
    ['unshare', '-r', '-m'],
  ]
  return ways.find(([command = '', ...args]) => {
    try {
      execFileSync(command, [...args, 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' })
      return true
    } catch {
      // Not this way.
      return false
    }
  })
}

/** Nothing acknowledged is missing, nothing else is there, and writing goes on once there is space. */
function expectWhole({ filled, kept, again, resumed, grown, integrity, rows }: Found): void {
  expect(kept).toEqual(filled.map(({ seq }) => seq))
  expect(again.every(({ code, seq }, index) => code === undefined || seq === kept[index])).toBe(true)
  expect(resumed.map(({ code }) => code)).toEqual(resumed.map(() => undefined))
  expect(grown).toEqual(resumed.map(({ seq }) => seq))
  expect(rows.count).toBe(grown.reduce((sum, length) => sum + length, 0))
  expect(integrity).toEqual({ integrity_check: 'ok' })
}

const unshare = findUnshare()
// Where no disk can be mounted, the limit of files stands for it.
const bounds = unshare === undefined ? (['limit'] as const) : (['disk', 'limit'] as const)

test.each(bounds)(
  'appends that find no space (%s) are refused, lose nothing, and go on when there is some',
  (bound) => {
    const folder = makeFolder()
    const found =
      bound === 'disk'
        ? fill(folder, bound, `mount -t tmpfs -o size=${mebibytes}m none "${folder}"`, unshare)
        : fill(folder, bound, `ulimit -S -f ${mebibytes * 1_024}`)
    // A file that may not grow is no full disk to SQLite: only an error of writing.
    const code = bound === 'disk' ? 'store.disk_full' : 'store.failed'
    expect(new Set(found.filled.map((end) => end.code))).toEqual(new Set([code]))
    expectWhole(found)
  },
)
