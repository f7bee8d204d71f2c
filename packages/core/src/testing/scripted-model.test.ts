import { expect, test } from 'vitest'
import { MeepoError } from '../base/errors.ts'
import type { Message } from '../model/model.ts'
import { createScriptedModel } from './scripted-model.ts'

const call = { signal: new AbortController().signal, attemptId: 'r1/1/1', idempotencyKey: 'r1/1' }
const request = { messages: [{ role: 'user', text: 'hello' }] satisfies Message[] }

test('answers come in the order of the script', async () => {
  const model = createScriptedModel([{ toolCalls: [{ name: 'add', arguments: {} }] }, 'done'])
  expect(await model.call(request, call)).toEqual({
    text: '',
    toolCalls: [{ id: 'call-1-1', name: 'add', arguments: {} }],
    finish: 'tool-calls',
    usage: { input: 10, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: 0, calls: 1 },
    model: 'scripted:model',
  })
  expect(await model.call(request, call)).toMatchObject({ text: 'done', finish: 'stop' })
  expect(() => model.assertUsed()).not.toThrow()
})

test('a call too many is refused and remembered', async () => {
  const model = createScriptedModel(['only'])
  await model.call(request, call)
  await expect(model.call(request, call)).rejects.toMatchObject({ code: 'model.rejected' })
  expect(() => model.assertUsed()).toThrow('has 1 turns, but it was called 2 times')
})

test('an unused answer is told', () => {
  expect(() => createScriptedModel(['unused']).assertUsed()).toThrow('has 1 turns, but it was called 0 times')
})

test('a function sees the request and how many came before', async () => {
  const model = createScriptedModel((seen, index) => `${seen.messages.length} ${index}`)
  expect((await model.call(request, call)).text).toBe('1 0')
  expect((await model.call(request, call)).text).toBe('1 1')
  expect(() => model.assertUsed()).not.toThrow()
})

test('requests are kept as they were', async () => {
  const messages: Message[] = [...request.messages]
  const model = createScriptedModel(['one'])
  await model.call({ messages }, call)
  messages.push({ role: 'user', text: 'later' })
  expect(model.requests).toEqual([request])
})

test('text is streamed to whoever watches', async () => {
  const pieces: string[] = []
  await createScriptedModel([' to be \n or not ']).call(request, { ...call, onText: (piece) => pieces.push(piece) })
  expect(pieces.length).toBeGreaterThan(3)
  expect(pieces.join('')).toBe(' to be \n or not ')
})

test('an answer may be an error, and the wait before it may be aborted', async () => {
  const error = new MeepoError('model.overloaded', 'busy')
  await expect(createScriptedModel([{ error }]).call(request, call)).rejects.toBe(error)
  const abort = new AbortController()
  const model = createScriptedModel(['late'], { latency: async () => abort.abort() })
  await expect(model.call(request, { ...call, signal: abort.signal })).rejects.toThrow('aborted')
})
