import { Client } from 'pg'
import { connectionOf, type Address } from '../database/database.ts'
import { toStatementFailed } from '../database/failure.ts'

/** What is called. Neither may throw. */
export interface BusEvents {
  /** Another process said something. */
  heard(message: string): void
  /** Something may have been said that was not heard: the connection is new. */
  missed(): void
}

/** Between two tries to reach the server again. */
const firstPauseMs = 50
const longestPauseMs = 2_000

/**
 * Where processes tell each other that there is news: LISTEN and NOTIFY on a connection of its own. A message is only a
 * hint. Nobody relies on it, as those of a process that dies, or that come while the connection is lost, are not heard.
 *
 * Messages are no part of the transactions they tell about: NOTIFY takes a lock of the whole server until its transaction
 * has reached the disk, so writers would queue up for it. Here nothing waits for the disk.
 */
export class Bus {
  readonly #address: Address
  readonly #channel: string
  readonly #events: BusEvents
  #client: Client | undefined
  #said: Promise<unknown> | undefined
  #isKept = false
  #isClosed = false
  #pauseMs = firstPauseMs
  #timer: NodeJS.Timeout | undefined

  constructor(address: Address, events: BusEvents) {
    this.#address = address
    this.#channel = `meepo_${address.schema}`.slice(0, 63)
    this.#events = events
  }

  /** Rejects when the server cannot be reached. Later on it is reached again by itself. */
  async open(): Promise<void> {
    const client = new Client(connectionOf(this.#address))
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.query(`SET synchronous_commit = off; LISTEN ${this.#channel}`)
    } catch (error) {
      void client.end().catch(() => undefined)
      throw toStatementFailed(error)
    }
    if (this.#isClosed) {
      await client.end()
      return
    }
    client.on('notification', ({ processId, payload }) => {
      // What this process said itself it told its own listeners at once.
      if (processId !== ownProcess(client)) this.#events.heard(payload ?? '')
    })
    client.once('end', () => this.#lost(client))
    this.#client = client
    this.#pauseMs = firstPauseMs
    this.keep(this.#isKept)
  }

  /** Says something to the other processes, or nothing while the server cannot be reached. */
  say(message: string): void {
    // When it fails the connection is gone, which `end` tells.
    this.#said = this.#client?.query('SELECT pg_notify($1, $2)', [this.#channel, message]).catch(() => undefined)
  }

  /** Whether hearing keeps the process alive. */
  keep(isKept: boolean): void {
    this.#isKept = isKept
    if (this.#client) holdProcess(this.#client, isKept)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    if (this.#client) holdProcess(this.#client, true)
    await this.#said
    await this.#client?.end()
  }

  #lost(client: Client): void {
    if (this.#isClosed || this.#client !== client) return
    this.#client = undefined
    this.#again()
  }

  #again(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.#reopen(), this.#pauseMs)
    if (!this.#isKept) this.#timer.unref()
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs)
  }

  async #reopen(): Promise<void> {
    try {
      await this.open()
      this.#events.missed()
    } catch {
      // The server is still away. Whoever reads meanwhile finds the error there.
      this.#again()
    }
  }
}

/** The number of the server's process for this connection, which the types of `pg` leave out. */
function ownProcess(client: Client): unknown {
  return 'processID' in client ? client.processID : undefined
}

/** Whether the connection keeps the process alive. */
function holdProcess(client: Client, isHeld: boolean): void {
  // `pg` has both, and its pool uses them; its types leave them out.
  const socket = client as Client & { ref(): void; unref(): void }
  if (isHeld) socket.ref()
  else socket.unref()
}
