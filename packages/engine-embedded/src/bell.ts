/** Wakes one waiter, now or when it comes. Cheaper than racing promises, which pile up on the one that is long in coming. */
export class Bell {
  #hasRung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#hasRung = true
    this.#wake?.()
  }

  /** Resolves when it has rung since the last time. */
  async heard(): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    this.#hasRung = false
  }
}
