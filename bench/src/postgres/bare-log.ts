import { Client } from 'pg'

interface Row {
  readonly run: number
  readonly seq: number
  readonly data: string
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Rows of one transaction at most, as the store has them. */
const mostRows = 1_000

/** What remains of a log without a store: one table, and what is asked for in one turn is one insert and one commit. */
export class BareLog {
  readonly #clients: readonly Client[]
  readonly #queues: Row[][]
  readonly #working = new Set<number>()

  private constructor(clients: readonly Client[]) {
    this.#clients = clients
    this.#queues = clients.map(() => [])
  }

  /** Makes its table anew, and opens as many connections as the store writes through. */
  static async open(url: string): Promise<BareLog> {
    const clients = Array.from({ length: 3 }, () => new Client(url))
    for (const client of clients) await client.connect()
    await clients[0]
      ?.query(`DROP TABLE IF EXISTS bare; CREATE TABLE bare (id bigserial PRIMARY KEY, run bigint NOT NULL,
      seq bigint NOT NULL, at double precision NOT NULL, type text NOT NULL, data text NOT NULL, UNIQUE (run, seq))`)
    return new BareLog(clients)
  }

  /** Resolves when the row is durable. */
  append(run: number, seq: number, data: string): Promise<void> {
    const lane = run % this.#clients.length
    return new Promise((resolve, reject) => {
      this.#queues[lane]?.push({ run, seq, data, resolve, reject })
      if (!this.#working.has(lane)) void this.#work(lane)
    })
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.end()
  }

  /** Never rejects. */
  async #work(lane: number): Promise<void> {
    const [client, queue] = [this.#clients[lane], this.#queues[lane]]
    if (!client || !queue) return
    this.#working.add(lane)
    await new Promise((resolve) => setImmediate(resolve))
    while (queue.length > 0) {
      const rows = queue.splice(0, mostRows)
      try {
        await insert(client, rows)
        for (const { resolve } of rows) resolve()
      } catch (error) {
        for (const { reject } of rows) reject(error)
      }
    }
    this.#working.delete(lane)
  }
}

async function insert(client: Client, rows: readonly Row[]): Promise<void> {
  await client.query('BEGIN')
  await client.query({
    name: 'insert',
    text: `INSERT INTO bare (run, seq, at, type, data)
      SELECT run, seq, 1, 'progress.reported', data FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS v (run, seq, data)`,
    values: [rows.map(({ run }) => run), rows.map(({ seq }) => seq), rows.map(({ data }) => data)],
  })
  await client.query('COMMIT')
}
