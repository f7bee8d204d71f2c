import { expect, test } from 'vitest'

import { checkOptions } from './options.ts'
import type { SimulatorOptions } from './options.ts'

const script = (): { text: string } => ({ text: '' })

test('defaults are a free port on loopback, no wait and an unbounded journal', () => {
  expect(checkOptions({ script })).toEqual({
    script,
    port: 0,
    host: '127.0.0.1',
    seed: 1,
    latency: {},
    chunkSize: 20,
    journalLimit: Number.POSITIVE_INFINITY,
  })
})

test.each([
  [{ port: 70_000 }, 'port'],
  [{ port: -1 }, 'port'],
  [{ seed: 0.5 }, 'seed'],
  [{ chunkSize: 0 }, 'chunkSize'],
  [{ journalLimit: 0 }, 'journalLimit'],
  [{ latency: { perChunkMs: Number.NaN } }, 'latency.perChunkMs'],
])('the option %j is refused by name', (wrong: Partial<SimulatorOptions>, named) => {
  expect(() => checkOptions({ script, ...wrong })).toThrow(
    expect.objectContaining({ code: 'simulator.bad_option', message: expect.stringContaining(named) }),
  )
})

test('a script that is no function is refused', () => {
  const options = JSON.parse('{"script":"script.ts"}') as SimulatorOptions // what an untyped caller passes
  expect(() => checkOptions(options)).toThrow(expect.objectContaining({ code: 'simulator.bad_option' }))
})
