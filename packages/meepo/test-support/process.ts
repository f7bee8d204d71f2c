import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A process of a fixture. Its first line is `ready`, with a word of its own behind; the others are what it did. */
export interface FixtureProcess {
  /** The word behind `ready`. */
  readonly ready: Promise<string>
  /** The other lines, when it has ended. */
  readonly ended: Promise<readonly string[]>
  /** SIGKILL: nothing of it is written any more. */
  kill(): void
}

/** The path of a database in a folder that goes with the test. */
export function databaseFile(): string {
  const path = mkdtempSync(join(tmpdir(), 'meepo-workflows-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return join(path, 'meepo.db')
}

/** Starts a file of this folder as a process; what is left of it goes with the test. */
export function startFixture(name: string, ...args: readonly string[]): FixtureProcess {
  const fixture = fileURLToPath(new URL(name, import.meta.url))
  const child = spawn(process.execPath, ['--conditions=meepo-source', fixture, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  const ready = Promise.withResolvers<string>()
  const ended = new Promise<readonly string[]>((resolve) => child.on('close', () => resolve(lines)))
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [first, word = ''] = line.split(' ')
    if (first === 'ready') ready.resolve(word)
    else lines.push(line)
  })
  return { ready: ready.promise, ended, kill: () => void child.kill('SIGKILL') }
}
