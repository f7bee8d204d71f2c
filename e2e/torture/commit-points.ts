import { Client } from 'pg'

/**
 * Passes the fault points of the writer of SQLite in every transaction of this process on PostgreSQL: what a store sends is
 * seen where it leaves, and the answer to a commit before the store hears of it.
 */
export function passCommitPoints(point: (name: string) => void): void {
  // The overloads of `query` need not be told apart: the call is handed on as it came.
  const prototype = Client.prototype as unknown as { query: (...values: readonly unknown[]) => unknown }
  const { query } = prototype
  prototype.query = function (...values) {
    const [text] = values
    const isBegin = typeof text === 'string' && text.startsWith('BEGIN')
    const isCommit = text === 'COMMIT'
    if (isBegin) point('store.begin')
    if (isCommit) point('store.before_commit')
    const answer = query.apply(this, [...values])
    if (isCommit && answer instanceof Promise) answer.then(() => point('store.after_commit')).catch(() => undefined)
    return answer
  }
}
