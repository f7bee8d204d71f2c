/** One forward step of the schema. Never edited after its release: a change is the next number. */
export interface Migration {
  /** Counts from 1 without gaps. */
  readonly number: number
  readonly name: string
  /** Processes of an older release that use the schema must stop writing once it ran. */
  readonly isBreaking: boolean
  readonly sql: string
}
