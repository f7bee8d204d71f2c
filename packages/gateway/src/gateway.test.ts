import { expect, test } from 'vitest'

import { createGateway } from './gateway.ts'
import type { GatewayOptions } from './options.ts'
import { callOf, errorOf, hello } from '../test-support/wire.ts'

const local = { local: { kind: 'openai-compatible', baseURL: 'http://127.0.0.1:9/v1' } } as const

test('a name is provider:model, and only its first colon separates', () => {
  const gateway = createGateway({ env: {}, providers: local })
  expect(gateway.resolve('openai:gpt-x').id).toBe('openai:gpt-x')
  expect(gateway.resolve('local:llama3:8b').id).toBe('local:llama3:8b')
})

test('an alias resolves to its model, and equal names to one object', () => {
  const gateway = createGateway({ env: {}, aliases: { fast: 'openai:gpt-x' } })
  expect(gateway.resolve('fast').id).toBe('openai:gpt-x')
  expect(gateway.resolve('fast')).toBe(gateway.resolve('fast'))
})

test.each([
  ['gpt-x', 'neither provider:model nor an alias (aliases: fast)'],
  ['', 'neither provider:model nor an alias'],
  [':gpt', 'neither provider:model nor an alias'],
  ['openai:', 'neither provider:model nor an alias'],
  ['acme:gpt', 'unknown provider (providers: openai, anthropic, google)'],
])('the name "%s" is unknown, and the message says what is known', (name, message) => {
  const gateway = createGateway({ env: {}, aliases: { fast: 'openai:gpt-x' } })
  expect(() => gateway.resolve(name)).toThrow(
    expect.objectContaining({ code: 'model.unknown_name', message: expect.stringContaining(message) }),
  )
})

test.each<[string, GatewayOptions, string]>([
  ['a base URL that is none', { providers: { a: { kind: 'openai', baseURL: 'localhost' } } }, 'providers.a.baseURL'],
  ['another protocol', { providers: { a: { kind: 'openai', baseURL: 'ftp://x/y' } } }, 'http://'],
  [
    'a password in it',
    { providers: { a: { kind: 'openai', baseURL: 'http://u:hush@x/y' } } },
    'must not hold a password',
  ],
  ['a bad base URL in the environment', { env: { OPENAI_BASE_URL: 'nope' } }, 'OPENAI_BASE_URL is no URL'],
  ['a compatible provider without base URL', { providers: { a: { kind: 'openai-compatible' } } }, 'baseURL is missing'],
  ['an empty provider name', { providers: { '': { kind: 'openai' } } }, 'provider name'],
  ['a colon in a provider name', { providers: { 'a:b': { kind: 'openai' } } }, 'provider name'],
  ['an alias with a colon', { aliases: { 'a:b': 'openai:x' } }, 'an alias'],
  ['an alias that names no model', { aliases: { a: 'b', b: 'openai:x' } }, 'aliases.a'],
  ['a timeout of nothing', { timeoutMs: 0 }, 'timeoutMs'],
  ['an endless timeout', { idleTimeoutMs: Number.POSITIVE_INFINITY }, 'idleTimeoutMs'],
])('%s is refused when the gateway is made', (_case, options, message) => {
  expect(() => createGateway({ env: {}, ...options })).toThrow(
    expect.objectContaining({ code: 'config.invalid', message: expect.stringContaining(message) }),
  )
})

test('an unknown kind, which only untyped configuration can hold, is refused by name', () => {
  const options = JSON.parse('{ "providers": { "a": { "kind": "toString" } } }') as GatewayOptions
  expect(() => createGateway({ env: {}, ...options })).toThrow('providers.a.kind must be one of openai, anthropic')
})

test('the message about a bad base URL does not repeat it', () => {
  expect(() => createGateway({ env: {}, providers: { a: { kind: 'openai', baseURL: 'x?key=hush' } } })).not.toThrow(
    /hush/,
  )
})

test.each([
  ['openai', 'OPENAI_API_KEY'],
  ['anthropic', 'ANTHROPIC_API_KEY'],
  ['google', 'GOOGLE_GENERATIVE_AI_API_KEY'],
])('a missing key of %s names its variable, and nothing was sent', async (provider, variable) => {
  const gateway = createGateway({ env: { [variable]: '' } })
  const error = await errorOf(gateway.resolve(`${provider}:m`).call(hello, callOf()))
  expect(error).toMatchObject({ code: 'model.unauthorized', notSent: true, retryable: false })
  expect(error.message).toContain(variable)
})

test('a call that is aborted before it starts sends nothing', async () => {
  const fetch = (): never => {
    throw new Error('fetch was called')
  }
  const gateway = createGateway({ env: {}, providers: local, fetch })
  const call = gateway.resolve('local:m').call(hello, callOf({ signal: AbortSignal.abort() }))
  expect(await errorOf(call)).toMatchObject({ code: 'task.cancelled' })
})

test('an abort ends the call even if fetch ignores its signal', async () => {
  const controller = new AbortController()
  const fetch = (): Promise<Response> => {
    controller.abort()
    return new Promise(() => {})
  }
  const gateway = createGateway({ env: {}, providers: local, fetch })
  const call = gateway.resolve('local:m').call(hello, callOf({ signal: controller.signal }))
  expect(await errorOf(call)).toMatchObject({ code: 'task.cancelled' })
})
