import { runCommandLine } from '../src/program.ts'
import type { Ended, Project } from './project.ts'

/**
 * Runs the command line in this process: faster than a process of its own, and seen by the coverage report. One at a
 * time; a configuration that was loaded once stays as it was.
 */
export async function runInside({ folder }: Project, modelUrl: string, ...args: readonly string[]): Promise<Ended> {
  const home = process.cwd()
  const out = capture(process.stdout)
  const err = capture(process.stderr)
  process.env.MODEL_URL = modelUrl
  process.chdir(folder)
  try {
    await runCommandLine(args)
    return { code: Number(process.exitCode ?? 0), out: out.text(), err: err.text() }
  } finally {
    process.chdir(home)
    process.exitCode = undefined
    out.restore()
    err.restore()
  }
}

function capture(stream: NodeJS.WriteStream): { text: () => string; restore: () => void } {
  const write = stream.write
  let text = ''
  stream.write = (chunk: string | Uint8Array) => {
    text += String(chunk)
    return true
  }
  return { text: () => text, restore: () => void (stream.write = write) }
}
