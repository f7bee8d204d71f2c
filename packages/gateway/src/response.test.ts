import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import { expect, test } from 'vitest'

import { emptyAnswer, type Answer } from './answer.ts'
import { toResponse } from './response.ts'
import { TryReport } from './pipeline/try-report.ts'
import type { Target } from './target.ts'
import { defaultScale } from './tokens/estimate-tokens.ts'

const target: Target = {
  id: 'p:m',
  provider: 'p',
  kind: 'openai',
  model: 'm',
  key: 'default',
  region: undefined,
  pricedAs: 'openai',
  healthKeys: () => ({ credential: 'p/default', target: 'p/default/m' }),
  load: () => Promise.reject(new Error('not loaded here')),
  secret: () => undefined,
}
const usage: LanguageModelV4Usage = {
  inputTokens: { total: 3, noCache: 3, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 2, text: 2, reasoning: 0 },
}
type Unified = NonNullable<Answer['finish']>['unified']
const answer = (unified: Unified, raw: string | undefined, extra: Partial<Answer> = {}): Answer => ({
  ...emptyAnswer(),
  finish: { unified, raw },
  ...extra,
})
const report = (reported: LanguageModelV4Usage | undefined = usage): TryReport => {
  const made = new TryReport(target, 40, defaultScale)
  made.usage = reported
  return made
}
const thrown = (code: string): unknown => expect.objectContaining({ code })

test.each<[Unified, string | undefined, string]>([
  ['interrupted', undefined, 'model.interrupted'],
  ['other', undefined, 'model.interrupted'],
  ['error', undefined, 'model.interrupted'],
  ['error', 'MALFORMED', 'model.bad_response'],
  ['tool-calls', 'tool_calls', 'model.bad_response'],
  ['content-filter', 'refusal', 'model.content_filter'],
])('the finish %s with the raw reason %s is %s', (unified, raw, code) => {
  expect(() => toResponse(answer(unified, raw), report())).toThrow(thrown(code))
})

test('no finish at all is a cut', () => {
  expect(() => toResponse({ ...emptyAnswer(), text: 'half' }, report())).toThrow(thrown('model.interrupted'))
})

test('an answer without usage is whole, and counted by what was sent and what arrived', () => {
  const counted = report(undefined)
  counted.usage = undefined
  counted.sawContent(100, 1)
  expect(toResponse(answer('stop', 'stop', { text: 'whole' }), counted)).toMatchObject({
    text: 'whole',
    usage: { input: 40, output: 30, calls: 1 },
  })
})

test.each(['{"a":', 'text', '{"a":1e999}', '['.repeat(452) + ']'.repeat(452), '['.repeat(50_000) + ']'.repeat(50_000)])(
  'arguments that no log could hold stay a text (%#)',
  (input) => {
    const [call] = toResponse(
      answer('tool-calls', 'tool_calls', { calls: [{ id: 'a', name: 't', input }] }),
      report(),
    ).toolCalls
    expect(call?.arguments).toBe(input)
  },
)

test('calls make a stop a call of tools; empty arguments are an empty object; the name stands in for the model', () => {
  const calls = [{ id: 'a', name: 't', input: '' }]
  expect(toResponse(answer('stop', 'stop', { calls }), report())).toEqual({
    text: '',
    toolCalls: [{ id: 'a', name: 't', arguments: {} }],
    finish: 'tool-calls',
    usage: { input: 3, cacheRead: 0, cacheWrite: 0, output: 2, reasoning: 0, calls: 1 },
    model: 'm',
  })
})
