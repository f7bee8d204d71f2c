import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createSimulator, type SimulatorOptions } from '@meepo/simulator'
import { expect, onTestFinished, test } from 'vitest'

/** One process, asked line by line. */
interface Caller {
  ask(name: string): Promise<Record<string, number>>
}

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'meepo-health-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function startCaller(file: string, url: string, calls: number, concurrency: number): Promise<Caller> {
  const fixture = fileURLToPath(new URL('callers.fixture.ts', import.meta.url))
  const args = ['--conditions=meepo-source', fixture, file, url, String(calls), String(concurrency)]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  if (!child.stdout) throw new Error('the process has no output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => String((await lines.next()).value)
  expect(await line()).toBe('ready')
  return {
    ask: async (name) => {
      child.stdin?.write(`${name}\n`)
      // Written by the fixture.
      return JSON.parse(await line()) as Record<string, number>
    },
  }
}

async function simulate(options: SimulatorOptions): Promise<Awaited<ReturnType<typeof createSimulator>>> {
  const simulator = await createSimulator(options)
  onTestFinished(() => simulator.close())
  return simulator
}

test('what one process learnt of an ill provider keeps others from calling it', async () => {
  const simulator = await simulate({
    script: ({ provider }) => (provider === 'a' ? { fault: { kind: 'refuse', status: 500 } } : { text: 'ok' }),
    providers: { a: {}, b: {} },
  })
  const file = join(folder(), 'meepo.db')
  const one = await startCaller(file, simulator.url, 4, 1)
  const other = await startCaller(file, simulator.url, 4, 1)
  const asked = (): number => simulator.journal.entries().filter(({ provider }) => provider === 'a').length
  expect(await one.ask('main')).toEqual({ ok: 4 })
  // Five failures in a row opened it.
  expect(asked()).toBe(5)
  expect(await other.ask('main')).toEqual({ ok: 4 })
  expect(asked()).toBe(5)
})

test('a storm of 429 over three processes: each call is answered, and the provider is not hammered', async () => {
  const simulator = await simulate({
    script: () => ({ text: 'ok' }),
    providers: { a: { limits: [{ requestsPerMinute: 600, burstSeconds: 3 }] }, b: {} },
  })
  const file = join(folder(), 'meepo.db')
  const callers = await Promise.all([1, 2, 3].map(() => startCaller(file, simulator.url, 60, 20)))
  const results = await Promise.all(callers.map((caller) => caller.ask('main')))
  expect(results).toEqual([{ ok: 60 }, { ok: 60 }, { ok: 60 }])
  const entries = simulator.journal.entries()
  const refused = entries.filter(({ status }) => status === 429).length
  expect(refused).toBeGreaterThan(0)
  // Every call was billed once. Without sharing, each of the 180 would have been refused twice.
  expect(entries.filter(({ billed }) => billed)).toHaveLength(180)
  expect(refused).toBeLessThan(180)
})
