import { expect, test } from 'vitest'

import type { GatewayWarning } from './options.ts'
import { createWarner } from './warnings.ts'

test('each remark is reported once per model', () => {
  const seen: GatewayWarning[] = []
  const warn = createWarner((warning) => seen.push(warning))
  const seed = { type: 'unsupported', feature: 'seed' } as const
  warn('a:m', [seed, { type: 'other', message: 'odd' }])
  warn('a:m', [seed, { type: 'deprecated', setting: 'x', message: 'use y' }])
  warn('b:m', [
    { ...seed, details: 'never was' },
    { type: 'compatibility', feature: 'z' },
    { type: 'compatibility', feature: 'z', details: 'so' },
  ])
  expect(seen.map(({ model, message }) => `${model} ${message}`)).toEqual([
    'a:m the setting seed is ignored',
    'a:m odd',
    'a:m x: use y',
    'b:m the setting seed is ignored: never was',
    'b:m z is emulated',
    'b:m z: so',
  ])
})

test('remarks that differ each time are reported, but not for ever', () => {
  const seen: GatewayWarning[] = []
  const warn = createWarner((warning) => seen.push(warning))
  for (let n = 0; n < 2_000; n += 1) warn('a:m', [{ type: 'other', message: String(n) }])
  expect(seen).toHaveLength(1_000)
})

test('without a listener the process is warned', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  createWarner(undefined)('a:m', [{ type: 'unsupported', feature: 'seed' }])
  expect(await warned).toMatchObject({ name: 'MeepoGatewayWarning', message: 'a:m: the setting seed is ignored' })
})
