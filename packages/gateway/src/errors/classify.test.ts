import { expect, test } from 'vitest'

import { classify } from './classify.ts'
import { readFailure } from './failure.ts'

const caused = (code: string): Error => Object.assign(new TypeError('fetch failed'), { cause: { code } })

test.each([
  ['ECONNREFUSED', { code: 'model.unavailable', notSent: true }],
  ['ENOTFOUND', { code: 'model.unavailable', notSent: true }],
  ['UND_ERR_CONNECT_TIMEOUT', { code: 'model.unavailable', notSent: true }],
  ['ERR_TLS_CERT_ALTNAME_INVALID', { code: 'model.unavailable', notSent: true, retryable: false }],
  ['SELF_SIGNED_CERT_IN_CHAIN', { code: 'model.unavailable', notSent: true, retryable: false }],
  ['UND_ERR_HEADERS_TIMEOUT', { code: 'model.timeout' }],
  ['UND_ERR_BODY_TIMEOUT', { code: 'model.timeout' }],
])('the network error %s before an answer', (code, verdict) => {
  expect(classify(readFailure(caused(code)), 'before-answer')).toMatchObject(verdict)
})

test.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])('%s may have come after the request was read', (code) => {
  const verdict = classify(readFailure(caused(code)), 'before-answer')
  expect(verdict.code).toBe('model.unavailable')
  expect(verdict.notSent).toBeUndefined()
})

test('any network error inside an answer is a cut', () => {
  expect(classify(readFailure(caused('ECONNRESET')), 'in-answer').code).toBe('model.interrupted')
})

test.each([
  [{ type: 'rate_limit_error', message: 'x' }, 'model.rate_limited'],
  [{ code: 429, message: 'x' }, 'model.rate_limited'],
  [{ code: 'context_length_exceeded', message: 'x' }, 'model.context_length'],
  [{ error: { code: 'content_filter' } }, 'model.content_filter'],
  [{ type: 'server_error', message: 'x' }, 'model.interrupted'],
  [{ code: 500, message: 'x' }, 'model.interrupted'],
  ['text', 'model.interrupted'],
  [null, 'model.interrupted'],
])('the error part %j means %s', (part, code) => {
  expect(classify(readFailure(part), 'in-answer').code).toBe(code)
})

test('what the adapter refuses was never sent', () => {
  const error = Object.assign(new Error('no'), { name: 'AI_UnsupportedFunctionalityError' })
  expect(classify(readFailure(error), 'before-answer')).toMatchObject({ code: 'model.rejected', notSent: true })
})

test('an adapter that cannot read the answer had a bad one; an unknown error was no answer at all', () => {
  const unread = Object.assign(new Error('no choices'), { name: 'AI_InvalidResponseDataError' })
  expect(classify(readFailure(unread), 'before-answer').code).toBe('model.bad_response')
  expect(classify(readFailure(new Error('boom')), 'before-answer').code).toBe('model.unavailable')
  const refused = Object.assign(new Error('bad port'), { name: 'AI_APICallError' })
  expect(classify(readFailure(refused), 'before-answer').code).toBe('model.unavailable')
  expect(classify(readFailure({ statusCode: 302 }), 'before-answer').code).toBe('model.bad_response')
})

test.each([
  "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
  'the request exceeds the available context size. try increasing the context size',
  "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
  'input length and `max_tokens` exceed context limit: 1 + 2 > 3',
])('a vendor without a code for it says: %s', (message) => {
  const body = JSON.stringify({ error: { message } })
  expect(classify(readFailure({ statusCode: 400, responseBody: body }), 'before-answer').code).toBe(
    'model.context_length',
  )
  expect(classify(readFailure({ statusCode: 500, responseBody: body }), 'before-answer').code).toBe('model.unavailable')
})

test.each([
  ['{"error":"no such model"}', 'no such model'],
  ['{"detail":"Not Found"}', 'Not Found'],
  ['{"message":"nope"}', 'nope'],
  ['<html>Bad gateway</html>', 'Bad Gateway'],
  ['[]', 'Bad Gateway'],
])('the message in the body %s is found', (responseBody, message) => {
  expect(readFailure({ statusCode: 404, responseBody, message: 'Bad Gateway' }).message).toBe(message)
})

test('Azure hides the reason in an inner error', () => {
  const body = JSON.stringify({ error: { code: 'BadRequest', innererror: { code: 'ResponsibleAIPolicyViolation' } } })
  expect(classify(readFailure({ statusCode: 400, responseBody: body }), 'before-answer').code).toBe(
    'model.content_filter',
  )
})

test('a circle of causes ends', () => {
  const error = new Error('a') as Error & { cause: unknown }
  error.cause = error
  expect(readFailure(error).network).toBeUndefined()
})
