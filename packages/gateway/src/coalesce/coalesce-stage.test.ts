import { MeepoError, noUsage } from '@meepo/core'
import { expect, test } from 'vitest'

import { sharingPolicy } from '../cache/sharing.ts'
import type { Answered, GatewayCall } from '../pipeline/stage.ts'
import { booksOf, paidAnswer, stageCall } from '../../test-support/stage-call.ts'
import { coalesceStage } from './coalesce-stage.ts'

interface Upstream {
  readonly call: GatewayCall
  readonly answer: () => void
  readonly fail: (error: unknown) => void
}

interface Setup {
  readonly run: (call: GatewayCall) => Promise<Answered>
  readonly sent: Upstream[]
}

function setup(): Setup {
  const sent: Upstream[] = []
  const stage = coalesceStage(sharingPolicy({ modelOf: (name) => name }), () => 0)
  const next = (call: GatewayCall): Promise<Answered> =>
    new Promise((resolve, reject) => {
      call.signal.addEventListener('abort', () => reject(new MeepoError('task.cancelled', 'aborted')))
      sent.push({ call, answer: () => resolve(paidAnswer(call)), fail: reject })
    })
  return { run: (call) => stage(call, next), sent }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

test('identical calls in flight are sent once: the first pays, the others are told what they saved', async () => {
  const { run, sent } = setup()
  const [first, second] = [booksOf('acme'), booksOf('acme')]
  const calls = [run(stageCall({ account: first })), run(stageCall({ account: second }))]
  sent[0]!.answer()
  const [paid, shared] = await Promise.all(calls)
  expect(sent).toHaveLength(1)
  expect(first.lines.map(({ entry }) => entry.outcome)).toEqual(['ok'])
  expect(
    second.lines.map(({ entry: { outcome, cost } }) => [outcome, cost.picoDollars, cost.savedPicoDollars]),
  ).toEqual([['shared', '0', '5000']])
  expect(shared!.response).toEqual({ ...paid!.response, usage: noUsage })
  expect(shared!.response).not.toBe(paid!.response)
})

test('calls of two tenants, and calls that do not ask for it, go by themselves', async () => {
  const { run, sent } = setup()
  const plain = { messages: [{ role: 'user', text: 'hello' }] } as const
  const calls = [
    run(stageCall()),
    run(stageCall({ account: booksOf('umbra') })),
    run(stageCall({ request: plain })),
    run(stageCall({ request: plain })),
  ]
  expect(sent).toHaveLength(4)
  for (const { answer } of sent) answer()
  await Promise.all(calls)
})

test('who joins late is told what came before, and everybody the same text', async () => {
  const { run, sent } = setup()
  const texts = ['', '']
  const leader = run(stageCall({ onText: (delta) => (texts[0] += delta) }))
  sent[0]!.call.onText?.('h')
  const follower = run(stageCall({ onText: (delta) => (texts[1] += delta) }))
  sent[0]!.call.onText?.('i')
  sent[0]!.answer()
  await Promise.all([leader, follower])
  expect(texts).toEqual(['hi', 'hi'])
})

test('a watcher behind a leader whom nobody watches is told the text at the end', async () => {
  const { run, sent } = setup()
  const pieces: string[] = []
  const calls = [run(stageCall()), run(stageCall({ onText: (delta) => pieces.push(delta) }))]
  expect(sent[0]!.call.onText).toBeUndefined()
  sent[0]!.answer()
  await Promise.all(calls)
  expect(pieces).toEqual(['hi'])
})

test('the call is given up when the last caller leaves, and not before', async () => {
  const { run, sent } = setup()
  const [leader, follower] = [new AbortController(), new AbortController()]
  const calls = [run(stageCall({ signal: leader.signal })), run(stageCall({ signal: follower.signal }))]
  leader.abort()
  await expect(calls[0]).rejects.toMatchObject({ code: 'task.cancelled' })
  expect(sent[0]!.call.signal.aborted).toBe(false)
  follower.abort()
  await expect(calls[1]).rejects.toMatchObject({ code: 'task.cancelled' })
  expect(sent[0]!.call.signal.aborted).toBe(true)
})

test('followers are answered although the one who pays has left', async () => {
  const { run, sent } = setup()
  const leader = new AbortController()
  const calls = [run(stageCall({ signal: leader.signal })), run(stageCall())]
  leader.abort()
  await expect(calls[0]).rejects.toMatchObject({ code: 'task.cancelled' })
  sent[0]!.answer()
  expect((await calls[1])!.entry.outcome).toBe('shared')
})

test('the next caller after all have left sends its own', async () => {
  const { run, sent } = setup()
  const leader = new AbortController()
  const gone = run(stageCall({ signal: leader.signal }))
  leader.abort()
  const next = run(stageCall())
  expect(sent).toHaveLength(2)
  sent[1]!.answer()
  expect((await next).entry.outcome).toBe('ok')
  await expect(gone).rejects.toMatchObject({ code: 'task.cancelled' })
})

test('an error that everybody would get is everybody’s', async () => {
  const { run, sent } = setup()
  const calls = [run(stageCall()), run(stageCall())]
  sent[0]!.fail(new MeepoError('model.context_length', 'too long'))
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'model.context_length' })
  expect(sent).toHaveLength(1)
})

test.each(['model.overloaded', 'limit.queue_full', 'task.cancelled'] as const)(
  'after %s of the leader one of the others leads, on its own account',
  async (code) => {
    const { run, sent } = setup()
    const books = [booksOf('acme'), booksOf('acme'), booksOf('acme')]
    const calls = books.map((account) => run(stageCall({ account })))
    sent[0]!.fail(new MeepoError(code, 'no'))
    await expect(calls[0]).rejects.toMatchObject({ code })
    await turns()
    expect(sent).toHaveLength(2)
    sent[1]!.answer()
    await Promise.all(calls.slice(1))
    expect(books.map(({ lines }) => lines.map(({ entry }) => entry.outcome))).toEqual([[], ['ok'], ['shared']])
  },
)

test('a follower that was told a part of a failed answer takes it back, or fails', async () => {
  const { run, sent } = setup()
  const told: string[] = []
  const watch = { onText: (delta: string) => void told.push(delta), onReset: () => void told.push('reset') }
  const calls = [run(stageCall({ onText: () => {} })), run(stageCall(watch)), run(stageCall({ onText: () => {} }))]
  sent[0]!.call.onText?.('half')
  sent[0]!.fail(new MeepoError('model.interrupted', 'cut'))
  await expect(calls[0]).rejects.toMatchObject({ code: 'model.interrupted' })
  await expect(calls[2]).rejects.toMatchObject({ code: 'model.interrupted' })
  await turns()
  sent[1]!.call.onText?.('hi')
  sent[1]!.answer()
  await calls[1]
  expect(told).toEqual(['half', 'reset', 'hi'])
})

test('when the answer begins anew, all take back what they were told, or end', async () => {
  const { run, sent } = setup()
  const told: string[] = []
  const watch = { onText: (delta: string) => void told.push(delta), onReset: () => void told.push('reset') }
  const calls = [run(stageCall(watch)), run(stageCall({ onText: () => {} })), run(stageCall())]
  sent[0]!.call.onText?.('half')
  sent[0]!.call.onReset?.()
  await expect(calls[1]).rejects.toMatchObject({ code: 'model.interrupted' })
  sent[0]!.call.onText?.('hi')
  sent[0]!.answer()
  await Promise.all([calls[0], calls[2]])
  expect(told).toEqual(['half', 'reset', 'hi'])
})

test('a call that is aborted already sends nothing', async () => {
  const { run, sent } = setup()
  await expect(run(stageCall({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'task.cancelled' })
  expect(sent).toEqual([])
})
