import { expect, test } from 'vitest'

import { readChat, messageText } from './chat-request.ts'

const hello = { role: 'user', content: 'hello' }
const call = (id: string): object => ({ id, type: 'function', function: { name: 'add', arguments: '{}' } })
const result = (id: string): object => ({ role: 'tool', tool_call_id: id, content: '2' })

test('a full conversation passes and keeps fields that mean nothing here', () => {
  const body = {
    model: 'm',
    temperature: 0.2,
    stop: ['END'],
    seed: 7,
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 5,
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
    tools: [{ type: 'function', function: { name: 'add', parameters: {} } }],
    messages: [
      { role: 'system', content: 'be brief' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'hello' },
          { type: 'image_url', image_url: {} },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [call('a'), call('b')] },
      result('b'),
      result('a'),
      { role: 'assistant', content: 'done' },
      hello,
    ],
  }
  expect(readChat(body)).toEqual({ chat: body, stream: true })
})

test('null means not given', () => {
  const body = { model: 'm', messages: [hello], tools: null, stream: null, stream_options: null, max_tokens: null }
  expect(readChat(body)).toEqual({ chat: body, stream: false })
})

test.each([
  [[], null],
  [{ messages: [hello] }, 'model'],
  [{ model: 'm' }, 'messages'],
  [{ model: 'm', messages: [] }, 'messages'],
  [{ model: 'm', messages: [hello], stream: 'yes' }, 'stream'],
  [{ model: 'm', messages: [hello], stream_options: {} }, 'stream_options'],
  [{ model: 'm', messages: [hello], stream: true, stream_options: 1 }, 'stream_options'],
  [{ model: 'm', messages: [hello], max_tokens: 0 }, 'max_tokens'],
  [{ model: 'm', messages: [hello], max_completion_tokens: '9' }, 'max_completion_tokens'],
  [{ model: 'm', messages: [hello], response_format: 'json' }, 'response_format'],
  [{ model: 'm', messages: [hello], tools: {} }, 'tools'],
  [{ model: 'm', messages: [hello], tools: [{ type: 'function', function: {} }] }, 'tools[0]'],
  [{ model: 'm', messages: [{ role: 'robot', content: '' }] }, 'messages[0].role'],
  [{ model: 'm', messages: [{ role: 'user' }] }, 'messages[0].content'],
  [{ model: 'm', messages: [{ role: 'user', content: [1] }] }, 'messages[0].content'],
  [{ model: 'm', messages: [{ role: 'assistant', tool_calls: {} }] }, 'messages[0].tool_calls'],
  [{ model: 'm', messages: [{ role: 'assistant', tool_calls: [{ id: 'a' }] }] }, 'messages[0].tool_calls'],
  [{ model: 'm', messages: [{ role: 'assistant', tool_calls: [call('a'), call('a')] }] }, 'messages[0].tool_calls'],
  [
    { model: 'm', messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'n' } }] }] },
    'messages[0].tool_calls',
  ],
])('the body %j is refused, naming %s', (body, param) => {
  expect(readChat(body)).toMatchObject({ status: 400, param })
})

test.each([
  ['no result', [{ role: 'assistant', tool_calls: [call('a')] }]],
  ['one result missing', [{ role: 'assistant', tool_calls: [call('a'), call('b')] }, result('a'), hello]],
  ['a result without a call', [hello, result('a')]],
  ['two results for a call', [{ role: 'assistant', tool_calls: [call('a')] }, result('a'), result('a')]],
])('every tool call has exactly one result: %s is refused', (_case, messages) => {
  expect(readChat({ model: 'm', messages })).toMatchObject({
    message: expect.stringContaining('tool_call'),
  })
})

test('the text of a message is its parts joined', () => {
  expect(messageText({ role: 'user', content: 'a' })).toBe('a')
  expect(
    messageText({
      role: 'user',
      content: [{ type: 'text', text: 'a' }, { type: 'image_url' }, { type: 'text', text: 'b' }],
    }),
  ).toBe('ab')
  expect(messageText({ role: 'assistant', content: null })).toBe('')
})
