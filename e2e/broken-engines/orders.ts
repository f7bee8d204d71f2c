import type { BuildBug } from '../sim/bugs/bug.ts'

/** What a thread is asked: to run these cases on builds in which these lines are broken. */
export interface Order {
  readonly lines: readonly BuildBug[]
  readonly cases: readonly string[]
}

/** What it tells after each case. */
export interface Told {
  readonly name: string
  /** Why the case failed; undefined when it passed. */
  readonly failure: string | undefined
}
