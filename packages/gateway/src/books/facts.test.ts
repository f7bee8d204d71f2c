import type { JsonObject, ModelRequest } from '@meepo/core'
import { expect, test } from 'vitest'

import { fingerprint, type CallFacts } from './facts.ts'

const tools = [{ name: 'look', description: 'looks', inputSchema: { type: 'object' } }]

function ask(text: string, extra: Partial<ModelRequest> = {}): ModelRequest {
  return {
    messages: [
      { role: 'system', text: 'You answer in rhymes.' },
      { role: 'user', text },
    ],
    ...extra,
  }
}

test('equal requests of a tenant have equal fingerprints, and another tenant has others', () => {
  expect(fingerprint('acme', ask('a'))).toEqual(fingerprint('acme', ask('a')))
  const other = fingerprint('umbra', ask('a'))
  expect(other.request).not.toBe(fingerprint('acme', ask('a')).request)
  expect(other.prefix).not.toBe(fingerprint('acme', ask('a')).prefix)
})

test.each<[string, ModelRequest]>([
  ['a message', ask('b')],
  ['a tool', ask('a', { tools })],
  ['a setting', ask('a', { settings: { temperature: 0 } })],
  ['a schema', ask('a', { outputSchema: { type: 'object' } })],
])('%s more or less is another request', (_what, changed) => {
  expect(fingerprint('acme', changed).request).not.toBe(fingerprint('acme', ask('a')).request)
})

test('how a call is routed does not make it another request', () => {
  expect(fingerprint('acme', ask('a', { routing: { cacheMs: 5 } }))).toEqual(fingerprint('acme', ask('a')))
})

test('the prefix is the tools and the leading system messages', () => {
  const one = fingerprint('acme', ask('a', { tools }))
  const other = fingerprint('acme', ask('a much longer question', { tools }))
  expect(one.prefix).toBe(other.prefix)
  expect(one.prefixShare).toBeGreaterThan(other.prefixShare)
  expect(one.prefixShare).toBeLessThan(1)
})

test('a request of nothing but questions has no prefix', () => {
  const { prefix, prefixShare } = fingerprint('acme', { messages: [{ role: 'user', text: 'a' }] })
  expect(prefix).toBeUndefined()
  expect(prefixShare).toBe(0)
})

test('hashes are short and hold nothing of the prompt', () => {
  const { request, prefix } = fingerprint('acme', ask('secret'))
  expect(request).toMatch(/^[\w-]{12}$/)
  expect(prefix).toMatch(/^[\w-]{12}$/)
})

test('facts are JSON and fit the books', () => {
  const facts: CallFacts = { requestHash: 'a', finish: 'stop' }
  const fit: JsonObject = facts
  expect(fit).toEqual({ requestHash: 'a', finish: 'stop' })
})
