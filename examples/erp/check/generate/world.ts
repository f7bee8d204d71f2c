import { chanceFrom } from './chance.ts'
import type { Chance } from './chance.ts'

/** A finding that the planted data must lead to. */
export interface Expected {
  readonly kind: string
  readonly subject: string
  readonly values: Readonly<Record<string, string | number>>
}

/** Everything one generated company consists of, filled area by area. */
export interface World {
  readonly chance: Chance
  readonly asOf: string
  readonly files: Map<string, string>
  readonly expected: Map<string, Expected[]>
  readonly figures: Map<string, Readonly<Record<string, unknown>>>
  /** Says how often a kind is planted: 1 to 9 times. */
  plants(): number
  expect(job: string, kind: string, subject: string, values: Expected['values']): void
  csv(file: string, header: string, rows: readonly (readonly (string | number)[])[]): void
}

/** An empty company whose every choice follows from the seed. */
export function createWorld(seed: number): World {
  const chance = chanceFrom(seed)
  const files = new Map<string, string>()
  const expected = new Map<string, Expected[]>()
  return {
    chance,
    asOf: '2026-10-31',
    files,
    expected,
    figures: new Map(),
    plants: () => chance.between(1, 9),
    expect(job, kind, subject, values) {
      const list = expected.get(job) ?? []
      list.push({ kind, subject, values })
      expected.set(job, list)
    },
    csv(file, header, rows) {
      files.set(file, [header, ...rows.map((row) => row.map(quoted).join(','))].join('\n') + '\n')
    },
  }
}

function quoted(value: string | number): string {
  const cell = String(value)
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

/** Cents as the text of an amount. */
export function amount(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** A day, so and so many days after another. */
export function shift(day: string, days: number): string {
  const date = new Date(`${day}T12:00:00Z`)
  date.setUTCDate(date.getUTCDate() + days)
  return date.toISOString().slice(0, 10)
}

/** A running number behind a prefix: `PO-0042`. */
export function id(prefix: string, number: number, width = 4): string {
  return `${prefix}-${String(number).padStart(width, '0')}`
}
