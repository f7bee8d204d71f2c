import type { Progress } from './progress.ts'

/** Shows progress on stderr: one line that changes in place on a terminal, a line now and then elsewhere. */
export class Screen {
  readonly #progress: Progress
  readonly #startedAt: number
  readonly #isTerminal = process.stderr.isTTY
  readonly #timer: NodeJS.Timeout
  #last = ''

  constructor(progress: Progress, startedAt: number) {
    this.#progress = progress
    this.#startedAt = startedAt
    this.#timer = setInterval(() => this.#draw(), this.#isTerminal ? 100 : 500)
  }

  /** A line that stays. */
  say(line: string): void {
    process.stderr.write(`${this.#isTerminal ? '\r\u001B[2K' : ''}${line}\n`)
  }

  /** Shows the last state and lets go of the terminal. */
  stop(): void {
    clearInterval(this.#timer)
    this.#draw()
    if (this.#isTerminal && this.#last !== '') process.stderr.write('\n')
  }

  #draw(): void {
    const now = String(this.#progress)
    if (this.#progress.parts.size === 0 || (now === this.#last && !this.#isTerminal)) return
    this.#last = now
    const line = `${((performance.now() - this.#startedAt) / 1000).toFixed(1)} s: ${now}`
    process.stderr.write(this.#isTerminal ? `\r\u001B[2K${line}` : `${line}\n`)
  }
}
