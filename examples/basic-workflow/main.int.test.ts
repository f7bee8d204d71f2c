import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createSimulator } from '@meepo/simulator'
import { expect, onTestFinished, test } from 'vitest'

const main = join(import.meta.dirname, 'main.ts')
const run = promisify(execFile)

function start(args: readonly string[], environment: Record<string, string> = {}) {
  const cwd = mkdtempSync(join(tmpdir(), 'meepo-basic-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  const env = { PATH: process.env.PATH, ...environment }
  return run(process.execPath, ['--conditions=meepo-source', main, ...args], { cwd, env })
}

test('without a key the answer is computed from the text, and the screen says so', async () => {
  const { stdout, stderr } = await start(['one two three four'])
  expect(stderr).toBe('offline scripted model\n')
  expect(stdout).toBe('# Report\n\n4 words take 2 seconds to read.\n')
})

test('with a URL the model behind it is asked', async () => {
  const local = await createSimulator({ script: ({ model }) => ({ text: `I am ${model}.` }) })
  onTestFinished(() => local.close())
  const { stdout } = await start(['hello'], { OPENAI_BASE_URL: `${local.url}/v1`, MODEL: 'tiny' })
  expect(stdout).toBe('# Report\n\nI am tiny.\n')
})

test('the example is small', () => {
  expect(readFileSync(main, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(40)
})
