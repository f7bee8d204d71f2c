import { spawn, type ChildProcess } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const main = join(import.meta.dirname, '../src/main.ts')
const repository = join(import.meta.dirname, '../../..')

/** How a process of the command line ended. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A process of the command line under way. */
export interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when what was written to stderr so far matches. */
  said(pattern: RegExp): Promise<string>
}

/** A folder with a configuration, and the command line in it. */
export interface Project {
  readonly folder: string
  path(name: string): string
  read(name: string): string
  write(name: string, text: string): void
  start(args: readonly string[], options?: { stdin?: string; node?: readonly string[] }): Running
  /** Runs the command line to its end. */
  meepo(...args: readonly string[]): Promise<Ended>
}

/** Makes a project whose model is at `modelUrl`. `atEnd` gets what removes it, and what it started. */
export function createProject(atEnd: (clean: () => void) => void, modelUrl = 'http://127.0.0.1:9/v1'): Project {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-cli-'))
  const processes: ChildProcess[] = []
  atEnd(() => {
    for (const one of processes) one.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
  copyFileSync(join(import.meta.dirname, 'meepo.config.ts'), join(folder, 'meepo.config.ts'))

  const start: Project['start'] = (args, { stdin = '', node = [] } = {}) => {
    const child = spawn(process.execPath, ['--conditions=meepo-source', ...node, main, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, MODEL_URL: modelUrl },
    })
    processes.push(child)
    child.stdin.end(stdin)
    let out = ''
    let err = ''
    const listeners = new Set<() => void>()
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      err += piece
      for (const listener of listeners) listener()
    })
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code) => {
        resolve({ code, out, err })
        for (const listener of listeners) listener()
      })
    })
    const said = (pattern: RegExp): Promise<string> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(err)
          if (match) resolve(match[1] ?? match[0])
          else if (child.exitCode !== null)
            reject(new Error(`ended with ${child.exitCode} and never said ${pattern}: ${err}`))
        }
        listeners.add(look)
        look()
      })
    return { process: child, ended, said }
  }
  const path = (name: string): string => join(folder, name)
  return {
    folder,
    path,
    read: (name) => readFileSync(path(name), 'utf8'),
    write: (name, text) => writeFileSync(path(name), text),
    start,
    meepo: (...args) => start(args).ended,
  }
}

/** The last line of what was said: what the user sees next to the prompt. */
export function lastLine({ err }: Ended): string {
  return err.trimEnd().split('\n').at(-1) ?? ''
}
