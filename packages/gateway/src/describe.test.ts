import { expect, test } from 'vitest'
import { describeProviders } from './describe.ts'

test('tells which providers have a key, and never the key', () => {
  const providers = { local: { kind: 'openai-compatible', baseURL: 'http://127.0.0.1:1/v1' } } as const
  const described = describeProviders({ providers, env: { OPENAI_API_KEY: 'sk-secret' } })
  expect(described).toEqual([
    { name: 'openai', kind: 'openai', hasKey: true, needsKey: true },
    { name: 'anthropic', kind: 'anthropic', hasKey: false, needsKey: true },
    { name: 'google', kind: 'google', hasKey: false, needsKey: true },
    { name: 'local', kind: 'openai-compatible', hasKey: false, needsKey: false },
  ])
  expect(JSON.stringify(described)).not.toContain('sk-secret')
})

test('refuses a provider that is wrong', () => {
  expect(() => describeProviders({ providers: { local: { kind: 'openai-compatible' } } })).toThrow('baseURL is missing')
})
