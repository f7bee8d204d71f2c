/** What a thread is asked: to run these cases on builds with this break. */
export interface Order {
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly cases: readonly string[]
}

/** What it tells after each case. */
export interface Told {
  readonly name: string
  /** Why the case failed; undefined when it passed. */
  readonly failure: string | undefined
}
