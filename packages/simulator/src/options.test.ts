import { expect, test } from 'vitest'

import { checkOptions } from './options.ts'
import type { SimulatorOptions } from './options.ts'

const script = (): { text: string } => ({ text: '' })

test('defaults are a free port on loopback, no wait and an unbounded journal', () => {
  const { providers, ...rest } = checkOptions({ script })
  expect(rest).toEqual({
    port: 0,
    host: '127.0.0.1',
    seed: 1,
    chunkSize: 20,
    journalFile: undefined,
    journalLimit: Number.POSITIVE_INFINITY,
    prices: [],
    batchMs: 0,
    clock: Date.now,
  })
  expect([...providers.values()]).toMatchObject([{ name: 'default', script, latency: {}, keys: undefined }])
})

test.each([
  [{ port: 70_000 }, 'port'],
  [{ port: -1 }, 'port'],
  [{ seed: 0.5 }, 'seed'],
  [{ chunkSize: 0 }, 'chunkSize'],
  [{ journalLimit: 0 }, 'journalLimit'],
  [{ latency: { perChunkMs: Number.NaN } }, 'latency.perChunkMs'],
  [{ batchMs: -1 }, 'batchMs'],
  [{ rules: [] }, 'rules'],
  [{ limits: [{ requestsPerMinute: 0 }] }, 'limits[0].requestsPerMinute'],
  [{ providers: { default: {} } }, 'providers.default'],
  [{ providers: { 'a/b': {} } }, 'providers.a/b'],
  [{ providers: { a: { limits: [{}, { concurrency: Number.NaN }] } } }, 'providers.a.limits[1].concurrency'],
  [{ prices: [{ model: 'm', rates: { input: 0.5 } }] }, 'prices[0].rates.input'],
  [{ prices: [{ model: 'm', rates: { output: '-1' } }] }, 'prices[0].rates.output'],
])('the option %j is refused by name', (wrong: Partial<SimulatorOptions>, named) => {
  expect(() => checkOptions({ script, ...wrong })).toThrow(
    expect.objectContaining({ code: 'simulator.bad_option', message: expect.stringContaining(named) }),
  )
})

test('a script that is no function is refused', () => {
  const options = JSON.parse('{"script":"script.ts"}') as SimulatorOptions // what an untyped caller passes
  expect(() => checkOptions(options)).toThrow(expect.objectContaining({ code: 'simulator.bad_option' }))
})
