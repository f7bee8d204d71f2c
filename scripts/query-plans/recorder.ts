import { StatementSync } from 'node:sqlite'
import { Client } from 'pg'

/** How long each execution of each statement took, by its text. In milliseconds. */
export class Recorder {
  readonly #times = new Map<string, number[]>()

  add(text: string, ms: number): void {
    const times = this.#times.get(text)
    if (times) times.push(ms)
    else this.#times.set(text, [ms])
  }

  /** What half of all executions of a statement took at most, and 99 of 100, and how many there were; undefined for none. */
  timesOf(text: string): { readonly p50: number; readonly p99: number; readonly count: number } | undefined {
    const times = this.#times.get(text)?.toSorted((a, b) => a - b)
    if (!times) return undefined
    const within = (share: number): number => times[Math.ceil(times.length * share) - 1] ?? 0
    return { p50: within(0.5), p99: within(0.99), count: times.length }
  }

  clear(): void {
    this.#times.clear()
  }
}

/** Records every prepared statement of SQLite in this thread. */
export function recordSqlite(recorder: Recorder): void {
  for (const name of ['all', 'get', 'run'] as const) {
    // The overloads need not be told apart: the call is handed on as it came.
    const prototype = StatementSync.prototype as unknown as Record<string, (...values: unknown[]) => unknown>
    const original = prototype[name]
    if (!original) throw new TypeError(`a statement has no ${name}`)
    prototype[name] = function (this: StatementSync, ...values) {
      const startedAt = performance.now()
      const answer = original.apply(this, values)
      recorder.add(this.sourceSQL, performance.now() - startedAt)
      return answer
    }
  }
}

/** Records every prepared statement that this process sends to PostgreSQL, until its answer is there. */
export function recordPostgres(recorder: Recorder): void {
  // The overloads need not be told apart: the call is handed on as it came.
  const prototype = Client.prototype as unknown as { query: (...values: unknown[]) => unknown }
  const { query } = prototype
  prototype.query = function (...values) {
    const startedAt = performance.now()
    const answer = query.apply(this, values)
    const [asked] = values
    const text = typeof asked === 'object' && asked !== null && 'text' in asked ? String(asked.text) : undefined
    if (text !== undefined && answer instanceof Promise) {
      answer.then(() => recorder.add(text, performance.now() - startedAt)).catch(() => undefined)
    }
    return answer
  }
}
