import { expect, test } from 'vitest'

import { toPrompt } from './prompt.ts'
import type { ProviderKind } from './options.ts'
import type { Target } from './target.ts'

const target = (provider: string, kind: ProviderKind): Target => ({
  id: `${provider}:m`,
  provider,
  kind,
  model: 'm',
  key: 'default',
  region: undefined,
  pricedAs: provider,
  load: () => Promise.reject(new Error('not loaded here')),
  secret: () => undefined,
  healthKeys: () => ({ credential: provider, target: provider }),
})

const carry = {
  provider: 'anthropic',
  reasoning: [{ text: 'hm', metadata: { anthropic: { signature: 's' } } }],
  calls: {},
}

test('what a provider signed is only given back to that provider', () => {
  const messages = [{ role: 'assistant', text: 'hi', reasoning: 'hm', carry }] as const
  expect(toPrompt(messages, target('anthropic', 'anthropic'))).toEqual([
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'hm', providerOptions: { anthropic: { signature: 's' } } },
        { type: 'text', text: 'hi' },
      ],
    },
  ])
  expect(toPrompt(messages, target('openai', 'openai'))).toEqual([
    { role: 'assistant', content: [{ type: 'text', text: 'hi' }] },
  ])
})

test('compatible servers get plain reasoning back', () => {
  const messages = [{ role: 'assistant', text: '', reasoning: 'hm' }] as const
  expect(toPrompt(messages, target('local', 'openai-compatible'))).toEqual([
    { role: 'assistant', content: [{ type: 'reasoning', text: 'hm' }] },
  ])
})

test('results of one turn are one message, of two turns two', () => {
  const result = (callId: string) => ({ role: 'tool', callId, tool: 't', result: 1 }) as const
  const prompt = toPrompt(
    [result('a'), result('b'), { role: 'user', text: 'go on' }, result('c')],
    target('x', 'google'),
  )
  expect(prompt.map(({ role, content }) => [role, content.length])).toEqual([
    ['tool', 2],
    ['user', 1],
    ['tool', 1],
  ])
})
