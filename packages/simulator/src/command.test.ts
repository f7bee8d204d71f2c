import { expect, test } from 'vitest'

import { startFromArguments } from './command.ts'
import { parseFault, parseLatency, parseLimit, readFlags } from './flags.ts'

test('latency is read from name=milliseconds', () => {
  expect(parseLatency('headersMs=50,jitterMs=0.5')).toEqual({ headersMs: 50, jitterMs: 0.5 })
})

test.each(['headers=50', 'headersMs', 'headersMs=', 'headersMs=fast', 'headersMs=1=2', ''])(
  'the latency "%s" is refused',
  (text) => {
    expect(() => parseLatency(text)).toThrow(expect.objectContaining({ code: 'simulator.bad_option' }))
  },
)

test('limits are read the same way', () => {
  expect(parseLimit('requestsPerMinute=60,concurrency=5')).toEqual({ requestsPerMinute: 60, concurrency: 5 })
  expect(() => parseLimit('requests=60')).toThrow(expect.objectContaining({ code: 'simulator.bad_option' }))
})

test.each([
  ['503=0.02', { fault: { kind: 'refuse', status: 503 }, chance: 0.02 }],
  ['cut-rst=0.5', { fault: { kind: 'cut', afterChunks: 1, by: 'rst' }, chance: 0.5 }],
  ['hang', { fault: { kind: 'hang' }, chance: 1 }],
])('the fault %s is read', (text, fault) => {
  expect(parseFault(text)).toEqual(fault)
})

test.each(['200=1', 'explode=0.1', '503=2', '503=often', 'hang=1=1'])('the fault %s is refused', (text) => {
  expect(() => parseFault(text)).toThrow(expect.objectContaining({ code: 'simulator.bad_option' }))
})

test('flags become options', async () => {
  const flags = { port: '0', seed: '3', fault: ['429=0.1'], limit: 'concurrency=2', chunkSize: '9', apiKey: ['k'] }
  expect(await readFlags(flags)).toEqual({
    port: 0,
    seed: 3,
    faults: [{ fault: { kind: 'refuse', status: 429 }, chance: 0.1 }],
    limits: [{ concurrency: 2 }],
    chunkSize: 9,
    apiKeys: ['k'],
  })
})

test.each([['--script'], ['--port', 'one'], ['--volume', '11'], ['a.ts']])(
  'the arguments %j are refused',
  async (...args) => {
    await expect(startFromArguments(args)).rejects.toMatchObject({ code: 'simulator.bad_option' })
  },
)

test('asking for help starts nothing', async () => {
  expect(await startFromArguments(['--help'])).toBeUndefined()
})
