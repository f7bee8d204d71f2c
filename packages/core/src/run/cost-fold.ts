import type { EventData } from '../log/events.ts'
import type { Cost } from './record.ts'

/** Sums what the calls of a run cost. */
export class CostFold {
  /** By number of the step. */
  #steps: Map<number, bigint> | undefined = undefined
  #pico = 0n
  #saved = 0n
  #unpriced = 0
  #unknown = 0

  /** A call was booked. */
  book({ number, entry }: EventData['call.settled']): void {
    const { status, picoDollars, savedPicoDollars } = entry.cost
    const pico = BigInt(picoDollars ?? 0)
    this.#steps ??= new Map()
    this.#steps.set(number, (this.#steps.get(number) ?? 0n) + pico)
    this.#pico += pico
    this.#saved += BigInt(savedPicoDollars ?? 0)
    if (status === 'unpriced') this.#unpriced++
    else if (status === 'unknown') this.#unknown++
  }

  /** What came before was paid by another run. What its steps cost can still be told. */
  forked(): void {
    this.#pico = 0n
    this.#saved = 0n
    this.#unpriced = 0
    this.#unknown = 0
  }

  /** A step ended well whose model answered so many calls. Where nobody keeps books there is no price. */
  answered(number: number, calls: number): void {
    if (this.#steps?.has(number) !== true) this.#unpriced += calls
  }

  /** What the calls of a step cost; undefined for a step without any. */
  ofStep(number: number): bigint | undefined {
    return this.#steps?.get(number)
  }

  finish(): Cost {
    return {
      picoDollars: String(this.#pico),
      unpricedCalls: this.#unpriced,
      ...(this.#unknown > 0 ? { unknownCalls: this.#unknown } : {}),
      ...(this.#saved > 0n ? { savedPicoDollars: String(this.#saved) } : {}),
    }
  }
}
