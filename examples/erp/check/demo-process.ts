import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** What a demo left when it had ended. */
export interface DemoEnd {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the demo as its users do, from a folder of theirs; no key of this machine reaches it. */
export function runDemoProcess(here: string, ...args: string[]): Promise<DemoEnd> {
  return runModule(join(import.meta.dirname, '../src/demo/main.ts'), here, args)
}

/** Runs a module as a command in a folder, with more in its environment. */
export async function runModule(
  module: string,
  here: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<DemoEnd> {
  const { OPENAI_API_KEY: _key, OPENAI_BASE_URL: _url, ...env } = process.env
  const child = spawn(process.execPath, ['--conditions=meepo-source', module, ...args], {
    cwd: here,
    env: { ...env, INIT_CWD: here, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}
