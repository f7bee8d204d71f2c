import { expect, test } from 'vitest'

import { redact } from './redact.ts'

const request = {
  messages: [
    { role: 'user', text: 'Transfer 500 euros to Jane Roe' },
    {
      role: 'assistant',
      text: '',
      toolCalls: [{ id: 'a', name: 'lookup', arguments: { iban: 'DE00123456789012345678' } }],
    },
    { role: 'tool', callId: 'a', tool: 'lookup', result: { owner: 'Jane Roe of Nowhere Street' } },
  ],
} as const

test.each([
  ['Invalid value: Transfer 500 euros to Jane Roe', 'Invalid value: […]'],
  ['bad DE00123456789012345678!', 'bad […]!'],
  ['owner Jane Roe of Nowhere Street unknown', 'owner […] unknown'],
  ['temperature must be at most 2', 'temperature must be at most 2'],
])('"%s" becomes "%s"', (message, clean) => {
  expect(redact(message, request, undefined)).toBe(clean)
})

test('the key goes, and a long message is shortened', () => {
  expect(redact('key sk-1 of sk-1', request, 'sk-1')).toBe('key [key] of [key]')
  expect(redact('x '.repeat(1_000), request, undefined)).toHaveLength(301)
})
