/** A promise that was broken. */
export interface Violation {
  /** Which promise, in few words: the same for all that break it. */
  readonly rule: string
  readonly text: string
}
