import type { PoolClient, QueryResult } from 'pg'
import { checkStillKnown } from '../schema/migrate.ts'
import { StatementFailed, toStatementFailed } from './failure.ts'
import { prepared, type Value } from './statement.ts'

/** One transaction on one connection. Statements run in the order in which they were sent. */
export class Transaction {
  readonly #client: PoolClient
  readonly #onLost: (error: Error) => void
  #lost: Error | undefined

  constructor(client: PoolClient) {
    this.#client = client
    // A connection that breaks tells it apart from its statements too; without a listener that would end the process.
    this.#onLost = (error) => {
      this.#lost = error
    }
    client.on('error', this.#onLost)
  }

  /**
   * `text` may hold several statements; the last one selects which migration an older release must not write behind.
   * Rejects with `store.newer_format` when this is one.
   */
  async begin(text: string): Promise<void> {
    const result: unknown = await this.#send(() => this.#client.query(text))
    // Of several statements there are several results, which the types leave out.
    const last = (Array.isArray(result) ? result.at(-1) : result) as QueryResult<{ readonly breaking: number }>
    checkStillKnown(last.rows[0]?.breaking ?? 0)
  }

  /** The rows of a statement. `Row` is what the statement selects or returns. */
  async all<Row>(text: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    const { rows } = await this.#send(() => this.#client.query(prepared(text, values)))
    // The statement names the columns, and the schema their types.
    return rows as readonly Row[]
  }

  /** How many rows a statement changed. */
  async run(text: string, ...values: readonly Value[]): Promise<number> {
    const { rowCount } = await this.#send(() => this.#client.query(prepared(text, values)))
    return rowCount ?? 0
  }

  /** When the connection breaks here, nobody knows whether the transaction is durable; the message says so. */
  commit(): Promise<void> {
    return orUnknown(() => this.#commit())
  }

  /** All of it without waiting for answers between: `statement` fails by itself when it must not be committed. */
  async atOnce(begin: string, statement: () => Promise<unknown>): Promise<void> {
    await orUnknown(() => Promise.all([this.begin(begin), statement(), this.#commit()]))
  }

  async rollBack(): Promise<void> {
    this.#client.off('error', this.#onLost)
    await this.#send(() => this.#client.query('ROLLBACK'))
  }

  async #commit(): Promise<void> {
    const { command } = await this.#send(() => this.#client.query('COMMIT'))
    this.#client.off('error', this.#onLost)
    if (command !== 'COMMIT') throw new StatementFailed('store.failed', 'transaction', 'a commit was rolled back', this)
  }

  async #send<T>(query: () => Promise<T>): Promise<T> {
    try {
      return await query()
    } catch (error) {
      throw toStatementFailed(this.#lost ?? error)
    }
  }
}

/** For what has a commit in it. */
async function orUnknown<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StatementFailed) || error.extent !== 'lost') throw error
    const { code, extent, message, cause } = error
    throw new StatementFailed(code, extent, `whether it was written is not known: ${message}`, cause)
  }
}
