import { expect, test } from 'vitest'

import { chooseModel, offlineWiring } from './choose-model.ts'

test.each([
  ['nothing at all', {}, {}, 'offline'],
  ['the word offline, in spite of a key', { model: 'offline' }, { OPENAI_API_KEY: 'k' }, 'offline'],
  ['an empty key', {}, { OPENAI_API_KEY: '' }, 'offline'],
  ['a key', {}, { OPENAI_API_KEY: 'k' }, 'openai:gpt-6-luna'],
  ['a key and a base URL', {}, { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://h/v1' }, 'openai:gpt-6-luna'],
  ['a model', { model: 'anthropic:claude' }, {}, 'anthropic:claude'],
  ['a server of one’s own', { model: 'llama3:8b', baseUrl: 'http://h/v1' }, {}, 'local:llama3:8b'],
  ['a server in the environment', { model: 'local:llama3' }, { OPENAI_BASE_URL: 'http://h/v1' }, 'local:llama3'],
])('%s decides on the model', (_case, options, env, expected) => {
  const choice = chooseModel(options, env)
  expect(choice.kind === 'real' ? choice.wiring.aliases?.['erp'] : 'offline').toBe(expected)
})

test('a server of one’s own is spoken to as OpenAI is, with the key if there is one', () => {
  const options = { model: 'm', baseUrl: 'http://h/v1' }
  expect(chooseModel(options, { OPENAI_API_KEY: 'k' })).toMatchObject({
    wiring: { providers: { local: { kind: 'openai-compatible', baseURL: 'http://h/v1', apiKey: 'k' } } },
  })
  expect(offlineWiring('http://h').providers).toEqual({
    offline: { kind: 'openai-compatible', baseURL: 'http://h/v1' },
  })
})

test('a call is made when its whole answer can be paid, and not for half of one', () => {
  const { prices, usefulTokens } = offlineWiring('http://h')
  expect(prices?.overrides).toMatchObject([{ model: 'scripted', maxOutputTokens: usefulTokens }])
})

test.each([
  [{ model: 'gpt' }, {}],
  [{ baseUrl: 'http://h/v1' }, {}],
  [{ model: 'm', baseUrl: 'h' }, {}],
  [{}, { OPENAI_BASE_URL: 'http://h/v1' }],
])('%j with %j is refused', (options, env) => {
  expect(() => chooseModel(options, env)).toThrow(expect.objectContaining({ code: 'erp.bad_option' }))
})
