import type { BuildBug } from '../sim/bugs/bug.ts'

/** An engine, or the store below it, with one thing broken. */
export interface Break {
  readonly what: string
  readonly lines: readonly BuildBug[]
  /** Cases that must notice, by name. Others may. */
  readonly fails: readonly string[]
}
