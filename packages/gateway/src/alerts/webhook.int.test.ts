import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AlertNotice } from '@meepo/core'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { webhookSink } from './webhook.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const notice: AlertNotice = {
  id: 'daily/2026-11-21/acme/user:bób 80% 100',
  kind: 'threshold',
  at: '2026-11-21T12:00:00.000Z',
  budget: 'daily',
  tenant: 'acme',
  scope: 'user:bób',
  threshold: 80,
  on: 'settled',
  spent: '80',
  reserved: '0',
  limit: '100',
  message: 'user:bób has reached 80% of the budget daily',
}
const received: Received[] = []
let status = 204
const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
  request.on('end', () => {
    received.push({ headers: request.headers, body })
    if (status > 0) response.writeHead(status, { location: '/elsewhere' }).end()
  })
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an address with one.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks?key=hidden`
})
beforeEach(() => {
  received.length = 0
  status = 204
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test('an alert is posted with a signature that the other side can verify', async () => {
  await webhookSink({ url, secret }).send(notice)
  const [one] = received
  const headers = one?.headers as Record<string, string>
  expect(new Webhook(secret).verify(String(one?.body), headers)).toEqual({
    type: 'budget.threshold',
    timestamp: notice.at,
    data: notice,
  })
  expect(() => new Webhook(secret).verify(`${one?.body} `, headers)).toThrow(/signature/)
})

test('the same alert has the same id when it is sent again, another one has another', async () => {
  const sink = webhookSink({ url, secret })
  await sink.send(notice)
  await sink.send(notice)
  await sink.send({ ...notice, id: 'other' })
  const [first, again, other] = received.map(({ headers }) => headers['webhook-id'])
  expect(first).toMatch(/^alert_[0-9a-f]{32}$/)
  expect(again).toBe(first)
  expect(other).not.toBe(first)
})

test.each([302, 410, 500])('an answer of %d is no delivery', async (answer) => {
  status = answer
  await expect(webhookSink({ url, secret }).send(notice)).rejects.toMatchObject({
    code: 'alert.not_delivered',
    message: expect.stringMatching(new RegExp(`^the webhook of 127\\.0\\.0\\.1:\\d+ answered with ${answer}$`)),
  })
  expect(received).toHaveLength(1)
})

test('no answer in time is no delivery', async () => {
  status = 0
  await expect(webhookSink({ url, secret, timeoutMs: 50 }).send(notice)).rejects.toMatchObject({
    code: 'alert.not_delivered',
    message: expect.stringContaining('cannot be reached'),
  })
})

test.each([
  ['url', { url: 'ftp://example.com', secret }],
  ['url', { url: 'hooks', secret }],
  ['secret', { url: 'https://example.com', secret: 'hunter2' }],
  ['secret', { url: 'https://example.com', secret: 'whsec_c2hvcnQ=' }],
])('a bad %s is refused and not repeated', (what, options) => {
  expect(() => webhookSink(options)).toThrow(
    expect.objectContaining({
      code: 'config.invalid',
      message: expect.stringMatching(new RegExp(`: ${what} must be`)),
    }),
  )
})
