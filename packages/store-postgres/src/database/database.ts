import { MeepoError } from '@meepo/core'
import { types, Pool, type PoolClient, type PoolConfig } from 'pg'
import { StatementFailed, toMeepoError, toStatementFailed } from './failure.ts'
import { WaitMeter, type PoolStats } from './pool-stats.ts'
import { prepared, type Value } from './statement.ts'
import { Transaction } from './transaction.ts'

/** Where the store is and how it is reached. */
export interface Address {
  readonly url: string
  readonly schema: string
  readonly poolSize: number
  readonly connectTimeoutMs: number
}

/** Of a transaction whose statements conflicted with those of others: tried so often. */
const mostTries = 10
/** A client that is silent for so long inside a transaction is dead: its locks must not hold up others. */
const silentMs = 10_000

/**
 * Every statement of the store goes through indexes, row by row, and is planned once. A planner that knows nothing yet of
 * the tables would rather scan them, or keep a copy of them, and hold to that plan when they have grown. For the same reason
 * statements that look for rows by one index and want them in the order of another order by an expression (`id + 0`).
 */
const planning = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
}

const bigintType = 20

/** How every connection of the store begins. */
export function connectionOf({ url, schema, connectTimeoutMs }: Address): PoolConfig {
  return {
    connectionString: url,
    application_name: 'meepo',
    options: Object.entries({ ...planning, search_path: schema, idle_in_transaction_session_timeout: silentMs })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    // Statements are sent without waiting for the answers to those before.
    pipeline: true,
    types: {
      // Everything of this type is a key, a number of events or a time: far below what a number holds exactly.
      getTypeParser: (type, format) => (type === bigintType ? Number : types.getTypeParser(type, format)),
    },
  }
}

/**
 * The connections of one store. Statements of a transaction are sent without waiting for each other where nobody needs
 * their answers. Connections that broke are replaced; what they were doing is rejected.
 */
export class Database {
  readonly #pool: Pool
  readonly #size: number
  readonly #waits = new WaitMeter()
  readonly #begin: string
  #isClosed = false
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(address: Address, begin: string) {
    this.#begin = begin
    this.#size = address.poolSize
    this.#pool = new Pool({
      ...connectionOf(address),
      max: address.poolSize,
      allowExitOnIdle: true,
    })
    // Of idle connections: the pool drops them, and whoever needs one next gets a new one.
    this.#pool.on('error', () => undefined)
    // One that breaks at work rejects what it was doing; that it tells besides would end the process if nobody listened.
    this.#pool.on('connect', (client) => client.on('error', () => undefined))
  }

  get stats(): PoolStats {
    const { totalCount: open, idleCount, waitingCount: waiting } = this.#pool
    return { size: this.#size, open, inUse: open - idleCount, waiting, ...this.#waits.stats }
  }

  /** Rejects with `store.closed` after the store was closed. */
  checkOpen(): void {
    if (this.#isClosed) throw new MeepoError('store.closed', 'the store is closed')
  }

  /** The rows of one reading statement. `Row` is what the statement selects. Tried again when the connection was dead. */
  async all<Row>(text: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    this.checkOpen()
    return this.#finish(this.#readTwice<Row>(text, values))
  }

  /** One transaction of its own, for everything that does not go through a lane. */
  async command<T>(work: (transaction: Transaction) => Promise<T>, begin?: string): Promise<T> {
    this.checkOpen()
    return this.#finish(this.transact(work, begin))
  }

  /**
   * Runs `work` in a transaction: again from its beginning when others were faster, so it must keep nothing that it
   * learned. Rejects with what `work` threw, or with {@link StatementFailed}. Runs also while the store closes.
   */
  transact<T>(work: (transaction: Transaction) => Promise<T>, begin: string = this.#begin): Promise<T> {
    return this.#try(async (transaction) => {
      const [, result] = await Promise.all([transaction.begin(begin), work(transaction)])
      await transaction.commit()
      return result
    })
  }

  /**
   * The same for one statement that fails by itself when it must not be committed: it goes with its commit behind it, and
   * the server is asked once.
   */
  async transactAtOnce(statement: (transaction: Transaction) => Promise<unknown>): Promise<void> {
    await this.#try((transaction) => transaction.atOnce(this.#begin, () => statement(transaction)))
  }

  async #try<T>(run: (transaction: Transaction) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const client = await this.#connect()
      const transaction = new Transaction(client)
      try {
        const result = await run(transaction)
        client.release()
        return result
      } catch (error) {
        await this.#abandon(client, transaction, error)
        if (!(error instanceof StatementFailed) || error.extent !== 'again' || tries >= mostTries) throw error
      }
    }
  }

  /** Refuses what comes from now on, lets what is under way end, also in `others`, then closes all connections. */
  async close(others?: () => Promise<void>): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled([...this.#underWay, others?.()])
    await this.#pool.end()
  }

  /** Closing waits for it: a pool that ends leaves those who wait for one of its connections to their timeouts. */
  async #finish<T>(done: Promise<T>): Promise<T> {
    this.#underWay.add(done)
    try {
      return await done
    } catch (error) {
      throw toMeepoError(error)
    } finally {
      this.#underWay.delete(done)
    }
  }

  /** After a statement failed the connection may hold answers to others: it is closed, which takes everything back. */
  async #abandon(client: PoolClient, transaction: Transaction, error: unknown): Promise<void> {
    try {
      if (!(error instanceof StatementFailed)) {
        await transaction.rollBack()
        client.release()
        return
      }
    } catch {
      // The connection broke: closed below, and what was thrown first is what the caller hears.
    }
    client.release(true)
  }

  async #readTwice<Row>(text: string, values: readonly Value[]): Promise<readonly Row[]> {
    try {
      return await this.#read<Row>(text, values)
    } catch (error) {
      if (!(error instanceof StatementFailed) || error.extent !== 'lost') throw error
      return this.#read<Row>(text, values)
    }
  }

  async #read<Row>(text: string, values: readonly Value[]): Promise<readonly Row[]> {
    const client = await this.#connect()
    try {
      const { rows } = await client.query(prepared(text, values))
      client.release()
      // The statement names the columns, and the schema their types.
      return rows as readonly Row[]
    } catch (error) {
      client.release(true)
      throw toStatementFailed(error)
    }
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#waits.time(this.#pool.connect())
    } catch (error) {
      this.checkOpen()
      throw toStatementFailed(error)
    }
  }
}
