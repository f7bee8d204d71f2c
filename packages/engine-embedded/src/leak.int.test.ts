import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

interface Ended {
  readonly code: number | string | null
  readonly out: string
}

function leak(mode: 'guarded' | 'bare'): Promise<Ended> {
  const flags = ['--max-old-space-size=96', '--expose-gc', '--conditions=meepo-source']
  return new Promise((resolve) => {
    const file = fileURLToPath(new URL('leak.fixture.ts', import.meta.url))
    const child = execFile(process.execPath, [...flags, file, mode], (error, out) => {
      resolve({ code: error ? (child.signalCode ?? child.exitCode) : 0, out })
    })
  })
}

test('a process that leaks refuses work in time, and takes it again once it has room', async () => {
  const { code, out } = await leak('guarded')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    code: 'engine.overloaded',
    retryable: true,
    state: 'hard',
    notices: [expect.stringMatching(/no run is taken/), expect.stringMatching(/new work is refused/)],
    after: true,
    open: [],
  })
})

test('without the guard the same process dies of it', async () => {
  const { code, out } = await leak('bare')
  expect(code).not.toBe(0)
  expect(out).toBe('')
})
