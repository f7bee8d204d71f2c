import type { PoolClient } from 'pg'
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

  /** `text` may hold several statements. */
  async begin(text: string): Promise<void> {
    await this.#send(() => this.#client.query(text))
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

  /** When the connection breaks here, nobody knows whether the transaction is durable. */
  async commit(): Promise<void> {
    const { command } = await this.#send(() => this.#client.query('COMMIT'))
    this.#client.off('error', this.#onLost)
    if (command !== 'COMMIT') throw new StatementFailed('store.failed', 'transaction', 'a commit was rolled back', this)
  }

  async rollBack(): Promise<void> {
    this.#client.off('error', this.#onLost)
    await this.#send(() => this.#client.query('ROLLBACK'))
  }

  async #send<T>(query: () => Promise<T>): Promise<T> {
    try {
      return await query()
    } catch (error) {
      throw toStatementFailed(this.#lost ?? error)
    }
  }
}
