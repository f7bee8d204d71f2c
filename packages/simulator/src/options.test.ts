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
  [{ script: undefined, rules: [{ chance: 2 }] }, 'rules[0].chance'],
  [{ script: undefined, rules: [{ chance: { from: 0, to: 1, startMs: -1, endMs: 5 } }] }, 'rules[0]'],
  [{ script: undefined, rules: [{ window: { everyMs: 5 } }] }, 'rules[0].window'],
  [{ script: undefined, rules: [{ after: 'never' }] }, 'rules[0].after'],
  [{ script: undefined, rules: [{ steps: [{}, { fault: { kind: 'x' } }] }] }, 'rules[0].steps[1].fault'],
  [{ script: undefined, rules: [{ steps: [1] }] }, 'rules[0].steps[0]'],
  [{ faults: [{ fault: { kind: 'stall' } }] }, 'faults[0].fault'],
  [{ apiKeys: [{}] }, 'apiKeys[0]'],
  [{ prices: [{ model: 'm', rates: { cached: 1 } }] }, 'prices[0].rates.cached'],
  [{ limits: [{ requestsPerMinute: 0 }] }, 'limits[0].requestsPerMinute'],
  [{ providers: { default: {} } }, 'providers.default'],
  [{ providers: { 'a/b': {} } }, 'providers.a/b'],
  [{ providers: { a: { limits: [{}, { concurrency: Number.NaN }] } } }, 'providers.a.limits[1].concurrency'],
  [{ prices: [{ model: 'm', rates: { input: 0.5 } }] }, 'prices[0].rates.input'],
  [{ prices: [{ model: 'm', rates: { output: '-1' } }] }, 'prices[0].rates.output'],
])('the option %j is refused by name', (wrong: object, named) => {
  // What an untyped caller, or a file, passes.
  expect(() => checkOptions({ script, ...wrong } as SimulatorOptions)).toThrow(
    expect.objectContaining({ code: 'simulator.bad_option', message: expect.stringContaining(named) }),
  )
})

test('a script that is no function is refused', () => {
  const options = JSON.parse('{"script":"script.ts"}') as SimulatorOptions // what an untyped caller passes
  expect(() => checkOptions(options)).toThrow(expect.objectContaining({ code: 'simulator.bad_option' }))
})
