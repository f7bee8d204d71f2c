import type { ServerResponse } from 'node:http'

/** How long a client has to read what was sent before a reset: a reset lets its kernel throw unread data away. */
const UNREAD_GRACE_MS = 20

/**
 * One HTTP answer and the fact whether its client is still there. Every wait ends when the client leaves, so nothing is
 * held for a connection that is gone.
 */
export class Exchange {
  readonly response: ServerResponse
  /** Sent with every status line. */
  headers: Readonly<Record<string, string>> = {}
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
      ...this.headers,
      ...headers,
    })
    this.response.end(text)
  }

  /** Sends the status line of a body of unknown length. */
  begin(status: number, contentType: string): void {
    this.response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-cache', ...this.headers })
  }

  /** Sends a piece of a body of unknown length. False when the client has left before it could be sent. */
  async send(piece: string | Uint8Array): Promise<boolean> {
    if (this.#hasLeft) return false
    if (this.response.write(piece)) return true
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.response.once('drain', resolve)
    })
    this.#wake = undefined
    return !this.#hasLeft
  }

  /** Sends a last piece and closes the socket, but not the HTTP body: whoever reads gets all of it and then an end. */
  async finishWith(piece: string): Promise<void> {
    await this.#handOver(piece)
    this.response.socket?.destroySoon()
  }

  /** Sends a last piece, gives the client time to read it, and resets the connection. */
  async resetAfter(piece: string): Promise<void> {
    await this.#handOver(piece)
    await this.wait(UNREAD_GRACE_MS)
    this.reset()
  }

  /** Resets the connection. */
  reset(): void {
    this.response.socket?.resetAndDestroy()
  }

  /** Resolves when the kernel has the piece: Node holds back what is written in one turn, and a closing socket drops it. */
  async #handOver(piece: string): Promise<void> {
    this.response.flushHeaders()
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (piece === '') setImmediate(resolve)
      else this.response.write(piece, () => resolve())
    })
    this.#wake = undefined
  }
}
