import { expect, test } from 'vitest'

import { chooseModel, modelAlias, offlineWiring } from './choose-model.ts'

const key = { OPENAI_API_KEY: 'k' }
const server = { OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1' }

test.each([
  ['nothing', undefined, {}, 'offline scripted model'],
  ['an empty key', undefined, { OPENAI_API_KEY: '' }, 'offline scripted model'],
  ['a key of OpenAI', undefined, key, 'openai:gpt-6-luna'],
  ['a key of Anthropic', undefined, { ANTHROPIC_API_KEY: 'k' }, 'anthropic:claude-haiku-5-5'],
  ['a key of Google', undefined, { GOOGLE_GENERATIVE_AI_API_KEY: 'k' }, 'google:gemini-3.8-flash'],
  ['a key and a wish', 'anthropic:claude-opus-5', key, 'anthropic:claude-opus-5'],
  ['a wish in the environment', undefined, { ...key, MODEL: 'openai:gpt-6' }, 'openai:gpt-6'],
  ['the wish for none', 'offline', key, 'offline scripted model'],
  ['a server of its own', 'qwen3:8b', server, 'local:qwen3:8b'],
  ['a server behind a key', undefined, { ...key, ...server }, 'openai:gpt-6-luna'],
])('%s', (_case, asked, env, label) => {
  const choice = chooseModel(asked, env)
  expect(choice.label).toBe(label)
  if (choice.kind === 'real') expect(choice.wiring.aliases).toEqual({ [modelAlias]: label })
})

test.each([
  ['gpt-6', key, '--model takes provider:model, found "gpt-6"'],
  [undefined, server, 'http://127.0.0.1:11434/v1 needs --model NAME'],
])('%s is refused', (asked, env, message) => {
  expect(() => chooseModel(asked, env)).toThrow(message)
})

test('the scripted model stands behind the alias of all agents', () => {
  expect(offlineWiring('http://x')).toMatchObject({
    providers: { offline: { baseURL: 'http://x/v1' } },
    aliases: { [modelAlias]: 'offline:scripted' },
  })
})
