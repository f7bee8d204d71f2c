import { expect, test } from 'vitest'

import type { JournalLine } from './journal-file.ts'
import { createJournal } from './journal.ts'

const arrival = { provider: 'default', path: '/v1/chat/completions', body: { model: 'm' }, model: 'm' }
const answered = { status: 200, inputTokens: 3, outputTokens: 2, amountPico: '7', billed: true, aborted: false }
const refused = { status: 429, inputTokens: 0, outputTokens: 0, billed: false, aborted: false }

test('entries are numbered in order of arrival and completed in place', () => {
  const journal = createJournal(Number.POSITIVE_INFINITY)
  const [first, second] = [journal.start(arrival), journal.start(arrival)]
  expect(journal.totals()).toEqual({
    requests: 2,
    open: 2,
    billed: 0,
    inputTokens: 0,
    outputTokens: 0,
    amountPico: '0',
  })
  journal.end(second, refused)
  journal.end(first, answered)
  expect(journal.entries()).toMatchObject([
    { number: 1, ...answered },
    { number: 2, ...refused },
  ])
  expect(journal.entries(1).map((entry) => entry.number)).toEqual([2])
  expect(journal.entries(2)).toEqual([])
  expect(journal.totals()).toEqual({
    requests: 2,
    open: 0,
    billed: 1,
    inputTokens: 3,
    outputTokens: 2,
    amountPico: '7',
  })
})

test('a bounded journal keeps the newest entries and all sums', () => {
  const journal = createJournal(2)
  const oldest = journal.start(arrival)
  journal.end(journal.start(arrival), answered)
  journal.end(journal.start(arrival), answered)
  journal.end(oldest, answered)
  expect(journal.entries().map((entry) => entry.number)).toEqual([2, 3])
  expect(journal.entries(2).map((entry) => entry.number)).toEqual([3])
  expect(journal.totals()).toMatchObject({ requests: 3, billed: 3, inputTokens: 9 })
})

test('it is settled when the last open request has ended', async () => {
  const journal = createJournal(Number.POSITIVE_INFINITY)
  await journal.settled()
  const [first, second] = [journal.start(arrival), journal.start(arrival)]
  const order: string[] = []
  const settled = journal.settled().then(() => order.push('settled'))
  journal.end(first, answered)
  await Promise.resolve()
  order.push('second ends')
  journal.end(second, answered)
  await settled
  expect(order).toEqual(['second ends', 'settled'])
})

test('a file hears of both ends and numbers go on after its last', () => {
  const lines: JournalLine[] = []
  const file = { lastNumber: 7, write: (line: JournalLine) => lines.push(line), close: () => undefined }
  const journal = createJournal(Number.POSITIVE_INFINITY, file)
  journal.end(journal.start(arrival), answered)
  expect(lines).toMatchObject([
    { phase: 'started', number: 8, body: { model: 'm' } },
    { phase: 'ended', number: 8, model: 'm', ...answered },
  ])
  expect(lines[1]).not.toHaveProperty('body')
  expect(journal.entries(7)).toHaveLength(1)
})
