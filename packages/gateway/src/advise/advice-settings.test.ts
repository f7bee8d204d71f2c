import { expect, test } from 'vitest'

import { adviceSettings } from './advice-settings.ts'

test('what routes declare to be as good is advised', () => {
  const { equivalents } = adviceSettings({
    routes: {
      a: { targets: ['openai:sol', { model: 'azure:sol' }], equivalents: ['openai:luna'] },
      b: { targets: ['openai:sol'], equivalents: ['openai:luna', 'google:flash'] },
    },
  })
  expect(equivalents).toEqual({ 'openai:sol': ['openai:luna', 'google:flash'], 'azure:sol': ['openai:luna'] })
})

test.each([
  ['openai', 'openai'],
  ['work', 'openai'],
  ['named', 'azure'],
  ['local', 'local'],
  ['gone', 'gone'],
])('%s is priced as %s', (provider, pricedAs) => {
  const settings = adviceSettings({
    providers: {
      work: { kind: 'openai' },
      named: { kind: 'openai', pricedAs: 'azure' },
      local: { kind: 'openai-compatible', baseURL: 'http://127.0.0.1:9/v1' },
    },
  })
  expect(settings.pricedAs(provider)).toBe(pricedAs)
})
