import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'

import { makeTickets, orderOf } from './tickets.ts'
import type { Answered } from './workflow.ts'

const execute = promisify(execFile)
// Each test starts processes, up to three of them.
vi.setConfig({ testTimeout: 90_000 })

interface End {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the example as its users do; no key of this machine reaches it. */
async function start(...args: readonly string[]): Promise<End> {
  const cwd = mkdtempSync(join(tmpdir(), 'meepo-parallel-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  const command = ['--conditions=meepo-source', join(import.meta.dirname, 'main.ts'), ...args]
  try {
    return { code: 0, ...(await execute(process.execPath, command, { cwd, env: { PATH: process.env['PATH'] } })) }
  } catch (thrown) {
    // What execFile throws when a process ends with another code than 0.
    return thrown as End
  }
}

test('100 workflows of 5 agents run at once without a failure', async () => {
  const { code, stdout, stderr } = await start()
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('model: offline scripted model') })
  expect(stdout).toContain('100 workflows, 100 at one time: 0 failed, 100 answers may leave')
  expect(stdout).toMatch(/^agents +500; at one time \d+ on average, [1-9]\d{2} at most$/m)
  expect(stdout).toMatch(/^together +600 +\d+ {2}\$0\.\d+$/m)
  expect(stdout).toMatch(/^invoice of the scripted model: \$0\.\d+, the same$/m)
  expect(stderr).toMatch(/ticket 100\/100/)
})

test('each answer is that of its own ticket', async () => {
  const { stdout } = await start('--workflows', '9', '--parallel', '2', '--latency', '1', '--json')
  const answers: Answered[] = JSON.parse(stdout)
  const matters = ['delivery', 'payment', 'damage', 'other']
  expect(answers).toEqual(
    makeTickets(9).map(({ id, text }, at) => {
      const orderId = /O-\d+/.exec(text)?.[0] ?? ''
      const { state, days } = orderOf(orderId) ?? {}
      const sorry = text.includes('!') ? 'We are sorry for the trouble. ' : ''
      const reply = `${sorry}About order ${orderId}: It was ${state} ${days} days ago.`
      return { id, matter: matters[at % 4], reply, isGood: true }
    }),
  )
})

test.each([
  [['--workflows', '0'], '--workflows takes 1 to 5000, found "0"'],
  [['--parallel', '1001'], '--parallel takes 1 to 900, found "1001"'],
  [['--workflow', '1'], "Unknown option '--workflow'"],
  [['more'], 'too much: more'],
])('%j is refused with 2', async (args, message) => {
  const { code, stdout, stderr } = await start(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(`example.bad_option: ${message}`)
})
