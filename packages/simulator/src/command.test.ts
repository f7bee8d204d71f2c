import { expect, test } from 'vitest'

import { parseLatency, startFromArguments } from './command.ts'

test('latency is read from name=milliseconds', () => {
  expect(parseLatency('headersMs=50,jitterMs=0.5')).toEqual({ headersMs: 50, jitterMs: 0.5 })
})

test.each(['headers=50', 'headersMs', 'headersMs=', 'headersMs=fast', 'headersMs=1=2', ''])(
  'the latency "%s" is refused',
  (text) => {
    expect(() => parseLatency(text)).toThrow(expect.objectContaining({ code: 'simulator.bad_option' }))
  },
)

test.each([[], ['--script'], ['--port', '1'], ['--volume', '11'], ['a.ts']])(
  'the arguments %j are refused',
  async (...args) => {
    await expect(startFromArguments(args)).rejects.toMatchObject({ code: 'simulator.bad_option' })
  },
)

test('asking for help starts nothing', async () => {
  expect(await startFromArguments(['--help'])).toBeUndefined()
})
