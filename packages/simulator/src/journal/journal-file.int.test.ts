import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { openJournalFile, readJournalFile } from './journal-file.ts'
import type { JournalLine } from './journal-file.ts'

let folder = ''
let file = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulator-journal-'))
  file = join(folder, 'journal.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

function started(number: number): JournalLine {
  const body = { model: 'm', note: 'größer' }
  const nothing = { inputTokens: 0, outputTokens: 0, billed: false, aborted: false }
  return { phase: 'started', number, provider: 'default', path: '/', body, startedAt: 5, ...nothing }
}

function ended(number: number): JournalLine {
  const charged = { inputTokens: 3, outputTokens: 2, billed: true, aborted: false }
  return { phase: 'ended', number, provider: 'default', path: '/', startedAt: 5, endedAt: 6, status: 200, ...charged }
}

test('what was written is read as one entry per request, open ones included', () => {
  const journal = openJournalFile(file)
  for (const line of [started(1), started(2), ended(2)]) journal.write(line)
  expect(readJournalFile(file)).toMatchObject([
    { number: 1, billed: false },
    { number: 2, billed: true, endedAt: 6, body: { note: 'größer' } },
  ])
  expect(readJournalFile(file)[0]).not.toHaveProperty('endedAt')
  journal.close()
})

test('a second opening goes on after the highest number', () => {
  const journal = openJournalFile(file)
  for (const line of [started(1), started(2), ended(1)]) journal.write(line)
  journal.close()
  const again = openJournalFile(file)
  expect(again.lastNumber).toBe(2)
  again.close()
})

test('a torn last line is not read, and gone after the next opening', () => {
  const journal = openJournalFile(file)
  journal.write(started(1))
  journal.close()
  const whole = readFileSync(file, 'utf8')
  appendFileSync(file, '{"phase":"started","number":2,"pa')
  expect(readJournalFile(file).map((entry) => entry.number)).toEqual([1])
  const again = openJournalFile(file)
  expect(again.lastNumber).toBe(1)
  expect(readFileSync(file, 'utf8')).toBe(whole)
  again.close()
})

test.each(['not json\n', '{"number":1}\n', '7\n'])('a file with the line %j is no journal', (line) => {
  writeFileSync(file, `${JSON.stringify(started(1))}\n${line}`)
  const refusal = expect.objectContaining({
    code: 'simulator.bad_journal',
    message: expect.stringContaining('line 2 of'),
  })
  expect(() => readJournalFile(file)).toThrow(refusal)
  expect(() => openJournalFile(file)).toThrow(refusal)
})

test('a file that is not there, or not writable, is named with a code', () => {
  expect(() => readJournalFile(file)).toThrow(expect.objectContaining({ code: 'simulator.bad_journal' }))
  expect(() => openJournalFile(join(folder, 'none', 'journal.jsonl'))).toThrow(
    expect.objectContaining({ code: 'simulator.journal_unwritable' }),
  )
})

test.runIf(process.platform === 'linux')('a full disk fails this write and every later one', () => {
  const journal = openJournalFile('/dev/full')
  const full = expect.objectContaining({ code: 'simulator.journal_unwritable' })
  expect(() => journal.write(started(1))).toThrow(full)
  expect(() => journal.write(started(2))).toThrow(full)
  journal.close()
})
