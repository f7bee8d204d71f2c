import type { ServerResponse } from 'node:http'

/** How long a client has to read what was sent before a reset: a reset lets its kernel throw unread data away. */
const UNREAD_GRACE_MS = 20

/**
 * One HTTP answer and the fact whether its client is still there. Every wait ends when the client leaves, so nothing is
 * held for a connection that is gone.
 */
export class Exchange {
  readonly response: ServerResponse
  #hasLeft = false
  #wake: (() => void) | undefined

  constructor(response: ServerResponse) {
    this.response = response
    response.sendDate = false
    response.once('close', () => {
      this.#hasLeft = true
      this.#wake?.()
    })
  }

  /** True when the connection is closed. */
  get hasLeft(): boolean {
    return this.#hasLeft
  }

  /** True when the time has passed, false as soon as the client has left. */
  async wait(ms: number): Promise<boolean> {
    if (ms > 0 && !this.#hasLeft) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = undefined
    }
    return !this.#hasLeft
  }

  /** Resolves when the client has left or the simulator closes. */
  async untilLeft(): Promise<void> {
    if (this.#hasLeft) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  /** Sends a whole JSON text. */
  sendJson(status: number, text: string, headers?: Readonly<Record<string, string>>): void {
    this.response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...headers,
    })
    this.response.end(text)
  }

  /** Sends a piece of a body of unknown length. False when the client has left before it could be sent. */
  async send(piece: string): Promise<boolean> {
    if (this.#hasLeft) return false
    if (this.response.write(piece)) return true
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.response.once('drain', resolve)
    })
    this.#wake = undefined
    return !this.#hasLeft
  }

  /** Closes the socket without closing the HTTP body. */
  finish(): void {
    this.response.socket?.destroySoon()
  }

  /** Resets the connection; what was sent before has had time to be read. */
  async reset(): Promise<void> {
    if (this.response.headersSent) await this.wait(UNREAD_GRACE_MS)
    this.response.socket?.resetAndDestroy()
  }
}
