import type { NewEvent } from '@meepo/core'
import { expect, test } from 'vitest'
import { KeptLog, LogRoom } from './kept-log.ts'

const event: NewEvent = { type: 'sleep.completed', at: 1, data: { number: 1 } }
const cut: NewEvent = { type: 'run.continued', at: 1, data: { state: { value: null }, seed: 's', patches: [] } }

function keep(room: LogRoom, count: number): KeptLog {
  const log = new KeptLog(room, event)
  for (let at = 1; at < count; at++) log.add(event)
  return log
}

test('a short log is kept whole, whether or not there is room', () => {
  const log = keep(new LogRoom(0), 500)
  expect(log.take()).toHaveLength(500)
  expect(log.take()).toBeUndefined()
})

test('longer logs share the room, and give it back', () => {
  const room = new LogRoom(2)
  const first = keep(room, 1_000)
  const second = keep(room, 1_000)
  expect(keep(room, 1_000).take()).toBeUndefined()
  expect(first.take()).toHaveLength(1_000)
  const third = keep(room, 1_500)
  expect(third.take()).toBeUndefined()
  expect(second.take()).toHaveLength(1_000)
  expect(keep(room, 1_500).take()).toHaveLength(1_500)
})

test('a run that cuts its log gets no more room', () => {
  const room = new LogRoom(9)
  const log = keep(room, 600)
  log.add(cut)
  for (let at = 0; at < 600; at++) log.add(event)
  expect(log.take()).toBeUndefined()
  const short = keep(room, 100)
  short.add(cut)
  expect(short.take()).toHaveLength(101)
})
