import { expect, test } from 'vitest'
import type { CallEntry } from '../base/call-entry.ts'
import { noUsage } from '../base/usage.ts'
import type { NewEvent } from '../log/events.ts'
import type { CallGrant, CallIntent } from '../model/account.ts'
import { createTestMachine } from '../testing/test-machine.ts'
import { AttemptAccount, type AccountOwner } from './attempt-account.ts'
import { AttemptHandle } from './attempt.ts'

const intent: CallIntent = { id: 'c', target: 'x:y', try: 1, picoDollars: 9n, atLeast: 9n }
const entry: CallEntry = {
  target: 'x:y',
  outcome: 'ok',
  cost: { status: 'settled', picoDollars: '5' },
  usage: noUsage,
  startedAt: 0,
  durationMs: 0,
  try: 1,
}

function account() {
  const { scheduler } = createTestMachine()
  const events: NewEvent[] = []
  const granted: (bigint | null)[] = []
  const clock: string[] = []
  let grant: ((grant: CallGrant) => void) | undefined
  const owner = {
    scheduler,
    call: { tenant: 't', scopes: ['tenant:t'], runId: 'r' },
    openCall: (event: NewEvent, _intent: CallIntent, done: (grant: CallGrant) => void) => {
      events.push(event)
      grant = done
    },
    settleCall: (event: NewEvent, amount: bigint | null) => {
      events.push(event)
      granted.push(amount)
    },
    bodyStarted: () => void clock.push('on'),
    bodyEnded: () => void clock.push('off'),
    callWaits: (_number: number, _attempt: number, what: string | undefined) => void clock.push(what ?? 'goes on'),
  } as unknown as AccountOwner
  const booked = () => events.flatMap(({ type, data }) => (type === 'call.settled' ? [data.entry] : []))
  const answer = (answered: CallGrant) => grant?.(answered)
  return { owner, scheduler, events, granted, clock, booked, answer, books: new AttemptAccount(owner, 1, 1) }
}

const grantedAll: CallGrant = { kind: 'granted', picoDollars: 9n }

test('a call is booked once, and not after its attempt is over', async () => {
  const { books, booked, granted, answer } = account()
  expect([books.tenant, books.scopes]).toEqual(['t', ['tenant:t']])
  const opened = books.open(intent)
  answer(grantedAll)
  expect(await opened).toEqual(grantedAll)
  books.settle('c', entry)
  books.settle('c', entry)
  books.settle('cached', { ...entry, outcome: 'cached' })
  books.close()
  books.settle('late', entry)
  expect(booked().map(({ outcome }) => outcome)).toEqual(['ok', 'cached'])
  expect(granted).toEqual([9n, null])
  expect(books.tries).toBe(1)
  await expect(books.open({ ...intent, id: 'd' })).rejects.toThrow('over')
})

test('a call that waits for the disk when its attempt ends was not sent', async () => {
  const { books, booked, answer } = account()
  const opened = books.open(intent)
  books.close()
  answer(grantedAll)
  await expect(opened).rejects.toThrow('over')
  expect(booked()).toMatchObject([{ outcome: 'not_sent', cost: { status: 'zero' } }])
})

test('an attempt that was told to abort lets nothing more leave', async () => {
  const { books, booked, answer } = account()
  const opened = books.open(intent)
  books.abort(new Error('enough'))
  answer(grantedAll)
  await expect(opened).rejects.toThrow('enough')
  await expect(books.open({ ...intent, id: 'd' })).rejects.toThrow('enough')
  books.close()
  expect(booked()).toMatchObject([{ outcome: 'not_sent' }])
})

test('what an attempt leaves unbooked is booked for what is certain of it', async () => {
  const refused: CallGrant = { kind: 'refused', budget: 'b', scope: 's', limit: '1', left: '0' }
  const free: CallGrant = { kind: 'granted', picoDollars: null }
  const ends = [refused, free, grantedAll].map(async (grant, index) => {
    const { books, booked, answer } = account()
    const unpriced = index === 1 ? { picoDollars: null, key: 'main' } : {}
    const opened = books.open({ ...intent, ...unpriced })
    answer(grant)
    await opened
    books.close()
    const [line] = booked()
    return [line?.outcome, line?.cost.picoDollars, line?.key]
  })
  expect(await Promise.all(ends)).toEqual([
    ['refused', '0', undefined],
    ['unknown', null, 'main'],
    ['unknown', '9', undefined],
  ])
})

test('a dropped attempt books nothing, and lets nobody wait', async () => {
  const { owner, booked, answer } = account()
  const handle = new AttemptHandle(owner, 1, 1, undefined, 0)
  const opened = handle.account.open(intent)
  handle.drop(new Error('dropped'))
  answer(grantedAll)
  await expect(opened).rejects.toThrow('dropped')
  handle.close()
  expect([booked(), handle.tries]).toEqual([[], 0])
})

test('books that are asked for after an abort know of it', async () => {
  const { owner } = account()
  const handle = new AttemptHandle(owner, 1, 1, undefined, 0)
  expect(handle.tries).toBe(0)
  handle.abort(new Error('enough'))
  await expect(handle.account.open(intent)).rejects.toThrow('enough')
  expect(handle.account).toBe(handle.account)
})

test('the same call is announced once', async () => {
  const { books } = account()
  void books.open(intent).catch(() => undefined)
  await expect(books.open(intent)).rejects.toThrow('twice')
  books.drop()
})

test('waiting in a queue is no active time, is told, and ends with the call or the attempt', async () => {
  const { books, clock, scheduler, events } = account()
  books.waiting()
  books.waiting('limit a')
  books.waiting('limit b')
  await scheduler.advance(40)
  void books.open(intent).catch(() => undefined)
  books.waiting('limit a')
  books.close()
  books.waiting('limit c')
  expect(clock).toEqual(['off', 'limit a', 'limit b', 'on', 'goes on', 'off', 'limit a', 'on', 'goes on'])
  expect(events[0]?.data).toMatchObject({ waitedMs: 40 })
})
