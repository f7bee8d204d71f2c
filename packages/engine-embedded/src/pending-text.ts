import type { Preview } from './previews.ts'

/** Text that arrived since a consumer looked last. Pieces of one attempt melt into one. */
export class PendingText {
  #previews: Preview[] = []

  add(preview: Preview): void {
    const last = this.#previews.at(-1)
    if (last && last.step === preview.step && last.attempt === preview.attempt) {
      this.#previews[this.#previews.length - 1] = { ...last, text: last.text + preview.text }
    } else this.#previews.push(preview)
  }

  /** Text of steps that the consumer has not seen starting stays here: it would overtake what came before. */
  take(hasStarted: (step: number) => boolean): readonly Preview[] {
    const previews = this.#previews
    if (previews.length === 0) return previews
    const early = previews.filter(({ step }) => !hasStarted(step))
    this.#previews = early
    return early.length === 0 ? previews : previews.filter(({ step }) => hasStarted(step))
  }

  clear(): void {
    this.#previews = []
  }
}
