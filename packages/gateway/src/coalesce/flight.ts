/** Somebody who waits for an answer in flight. */
export interface Passenger {
  readonly onText: ((delta: string) => void) | undefined
  /** Absent: text that was told cannot be taken back. */
  readonly onReset: (() => void) | undefined
}

/** How it ended for a passenger. `void`: the text it was told is not of the answer, and it cannot take it back. */
export type Landing<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'left' }
  | { readonly kind: 'void' }

interface Seat<T> {
  readonly passenger: Passenger
  readonly land: (landing: Landing<T>) => void
  hasText: boolean
}

/*
 * One call of a provider that several callers wait for.
 *
 * F1 Everybody aboard is told the whole text in order, also who joins late: what came so far is kept.
 * F2 The call is aborted when the last one leaves, and not before.
 * F3 Everybody lands exactly once; a flight that has landed takes nobody aboard.
 */
export class Flight<T> {
  readonly #seats = new Set<Seat<T>>()
  readonly #controller = new AbortController()
  #text = ''
  #hasLanded = false

  /** Ends the call when nobody waits for it any more. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Nobody may join: it has landed, or everybody left. */
  get isClosed(): boolean {
    return this.#hasLanded || this.#controller.signal.aborted
  }

  /** Takes somebody aboard until the answer is there or `leaving` aborts. */
  board(passenger: Passenger, leaving: AbortSignal): Promise<Landing<T>> {
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#seats.delete(seat)
        resolve({ kind: 'left' })
        if (this.#seats.size === 0) this.#controller.abort(leaving.reason)
      }
      const land = (landing: Landing<T>): void => {
        leaving.removeEventListener('abort', leave)
        this.#seats.delete(seat)
        resolve(landing)
      }
      const seat: Seat<T> = { passenger, land, hasText: false }
      this.#seats.add(seat)
      if (leaving.aborted) return leave()
      leaving.addEventListener('abort', leave, { once: true })
      if (this.#text !== '') tell(seat, this.#text)
    })
  }

  /** A piece of the answer. */
  tell(delta: string): void {
    this.#text += delta
    // A copy: whoever boards because of it was told it already.
    for (const seat of this.#seats.values().toArray()) tell(seat, delta)
  }

  /** What was told is void: the answer begins anew. */
  reset(): void {
    this.#text = ''
    for (const seat of this.#seats.values().toArray()) {
      if (!seat.hasText) continue
      seat.hasText = false
      if (seat.passenger.onReset) seat.passenger.onReset()
      else seat.land({ kind: 'void' })
    }
    if (this.#seats.size === 0) this.#controller.abort()
  }

  /** Everybody gets the answer. `text`: what a passenger who watches and was told nothing is told now. */
  arrive(value: T, text: string): void {
    if (this.#text === '' && text !== '') this.tell(text)
    this.#land({ kind: 'answered', value })
  }

  /** Nobody gets an answer. */
  crash(error: unknown): void {
    this.#land({ kind: 'failed', error })
  }

  #land(landing: Landing<T>): void {
    this.#hasLanded = true
    for (const seat of this.#seats.values().toArray()) seat.land(landing)
  }
}

function tell<T>(seat: Seat<T>, delta: string): void {
  if (!seat.passenger.onText) return
  seat.hasText = true
  seat.passenger.onText(delta)
}
