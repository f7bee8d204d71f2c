import { expect, test } from 'vitest'
import type { EntryOwner } from './entry.ts'
import { OpenEntries } from './open-entries.ts'
import { SleepEntry } from './sleep-entry.ts'

function three(): { open: OpenEntries; entries: SleepEntry[] } {
  const open = new OpenEntries()
  // A sleep asks nothing of its owner before it begins.
  const entries = [1, 2, 3].map((number) => new SleepEntry({} as EntryOwner, number, 1))
  for (const entry of entries) open.add(entry)
  return { open, entries }
}

test('whoever iterates sees no task that was removed meanwhile, and all behind it', () => {
  const { open, entries } = three()
  const seen: number[] = []
  for (const entry of open) {
    seen.push(entry.number)
    if (entry.number !== 1) continue
    open.remove(entry)
    open.remove(entries[1]!)
  }
  expect(seen).toEqual([1, 3])
})

test('a task is removed once', () => {
  const { open, entries } = three()
  open.remove(entries[1]!)
  open.remove(entries[1]!)
  expect([open.size, [...open].map((entry) => entry.number)]).toEqual([2, [1, 3]])
  expect(open.find(2)).toBeUndefined()
})
